{# Decay of the weights, each by its own share where it sees its cells less often than others. #}
{% macro decayed(weights) %}
        const auto _lost = _rate * {{get_array_name(arrays.decay)}}[0];
        {% if "shares" in arrays %}
        for (size_t k = 0; k < {{weights}}; k++)
            _weights[k] *= 1 - _lost * {{get_array_name(arrays.shares)}}[k];
        {% else %}
        if (_lost != 0)
            std::transform(_weights, _weights + {{weights}}, _weights, [_lost](auto w) { return w * (1 - _lost); });
        {% endif %}
{% endmacro %}
