{# Whether to learn in this time step, and how fast: decided on the host, where these arrays are up to date. #}
{% macro learns() %}{{get_array_name(arrays.active, access_data=False)}}[0] > 0{% if not continuous %} && {{get_array_name(arrays.converged, access_data=False)}}[0] > 0{% endif %}{% endmacro %}
{% macro rates() %}
const auto full = {{get_array_name(arrays.rate, access_data=False)}}[0], rate = full / {{rows}};
        const auto kept = 1 - full * {{get_array_name(arrays.decay, access_data=False)}}[0];
{% endmacro %}
