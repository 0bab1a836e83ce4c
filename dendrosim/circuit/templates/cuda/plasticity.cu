{# Whether to learn in this time step, and how fast: decided on the host, where these arrays are up to date. #}
{% import 'elements.cu' as elements with context %}
{% macro learns() %}{{get_array_name(arrays.active, access_data=False)}}[0] > 0{% if not continuous %} && {{get_array_name(arrays.converged, access_data=False)}}[0] > 0{% endif %}{% endmacro %}
{% macro rates() %}
const auto full = {{get_array_name(arrays.rate, access_data=False)}}[0], rate = full / {{rows}};
        const auto lost = full * {{get_array_name(arrays.decay, access_data=False)}}[0];
        {% if "shares" in arrays %}
        const {{c_data_type(arrays.weights.dtype)}} kept = 1;
        _decay<<<{{elements.threads(arrays.weights.size)}}>>>(
            lost, {{get_array_name(arrays.shares, prefix="dev")}}, {{get_array_name(arrays.weights, prefix="dev")}});
        CUDA_CHECK_ERROR("_decay");
        {% else %}
        const auto kept = 1 - lost;
        {% endif %}
{% endmacro %}
{% macro decay(real) %}
{% if "shares" in arrays %}

// Each weight by its own share: it may see its cells less often than others.
__global__ void _decay(const {{real}} lost, const {{real}}* shares, {{real}}* weights)
{
{{ elements.element(arrays.weights.size) }}
    weights[k] *= 1 - lost * shares[k];
}
{% endif %}
{% endmacro %}
