{# weights scaled back to a norm, after they have changed. See model/local_update.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    if ({{get_array_name(arrays.active)}}[0] > 0{% if not continuous %} && {{get_array_name(arrays.converged)}}[0] > 0{% endif %}) {
        auto* _weights = {{get_array_name(arrays.weights)}};
        double _squares = 0;
        for (size_t k = 0; k < {{arrays.weights.size}}; k++)
            _squares += (double)_weights[k] * _weights[k];
        for (size_t k = 0; k < {{arrays.weights.size}}; k++)
            _weights[k] *= {{norm}} / std::sqrt(_squares);
    }
{% endblock %}
