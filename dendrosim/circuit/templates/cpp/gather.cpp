{# pooled = the error where the weights see it: of the chosen cell, or the sum of a window. See circuit/learning.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
{% endblock %}
{% block maincode %}
    {% set window_height, window_width = connection.pooling.window %}
    {% set channels, height, width = connection.pooling.shape %}
    {% set down, across = connection.pooling.pooled_shape[1], connection.pooling.pooled_shape[2] %}
    for (int row = 0; row < {{rows}}; row++) {
        const auto* _cells = {{get_array_name(arrays.cells)}} + (size_t)row * {{channels * height * width}};
        auto* _pooled = {{get_array_name(arrays.pooled)}} + (size_t)row * {{pre}};
        {% if connection.pooling.kind == "max-pool" %}
        for (int window = 0; window < {{pre}}; window++)
            _pooled[window] = _cells[{{get_array_name(arrays.chosen)}}[(size_t)row * {{pre}} + window]];
        {% else %}
        std::fill_n(_pooled, {{pre}}, 0);
        for (int channel = 0; channel < {{channels}}; channel++)
        for (int y = 0; y < {{down * window_height}}; y++)
        for (int x = 0; x < {{across * window_width}}; x++)
            _pooled[(channel * {{down}} + y / {{window_height}}) * {{across}} + x / {{window_width}}] +=
                _cells[(channel * {{height}} + y) * {{width}} + x];
        {% endif %}
    }
{% endblock %}
