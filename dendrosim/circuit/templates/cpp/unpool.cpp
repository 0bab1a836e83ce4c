{# cells = pooled feedback, sent to the cell that was largest or spread over its window. See circuit/projection.py #}
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
        auto* _cells = {{get_array_name(arrays.cells)}} + (size_t)row * {{channels * height * width}};
        const size_t _first_window = (size_t)row * {{pre}};
        {% if not accumulate %}
        std::fill_n(_cells, {{channels * height * width}}, 0);
        {% endif %}
        {% if connection.pooling.kind == "max-pool" %}
        for (size_t window = _first_window; window < _first_window + {{pre}}; window++)
            _cells[{{get_array_name(arrays.chosen)}}[window]] += {{get_array_name(arrays.pooled)}}[window];
        {% else %}
        for (int channel = 0; channel < {{channels}}; channel++)
        for (int y = 0; y < {{down * window_height}}; y++)
        for (int x = 0; x < {{across * window_width}}; x++)
            _cells[(channel * {{height}} + y) * {{width}} + x] += {{get_array_name(arrays.pooled)}}[
                _first_window + (channel * {{down}} + y / {{window_height}}) * {{across}} + x / {{window_width}}] / {{window_height * window_width}};
        {% endif %}
    }
{% endblock %}
