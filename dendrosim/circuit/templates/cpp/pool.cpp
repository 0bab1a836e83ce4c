{# pooled = the largest or the mean of each window of cells. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set window_height, window_width = connection.pooling.window %}
    {% set channels, height, width = connection.pooling.shape %}
    {% set down, across = connection.pooling.pooled_shape[1], connection.pooling.pooled_shape[2] %}
    for (int row = 0; row < {{rows}}; row++) {
        const auto* _cells = {{get_array_name(arrays.cells)}} + (size_t)row * {{channels * height * width}};
        size_t _window = (size_t)row * {{pre}};
        for (int channel = 0; channel < {{channels}}; channel++)
        for (int y = 0; y < {{down}}; y++)
        for (int x = 0; x < {{across}}; x++, _window++) {
            const int _first = (channel * {{height}} + y * {{window_height}}) * {{width}} + x * {{window_width}};
            {% if connection.pooling.kind == "max-pool" %}
            int _largest = _first;
            for (int i = 0; i < {{window_height}}; i++)
                for (int j = 0; j < {{window_width}}; j++)
                    if (_cells[_first + i * {{width}} + j] > _cells[_largest])
                        _largest = _first + i * {{width}} + j;
            {{get_array_name(arrays.chosen)}}[_window] = _largest;
            {{get_array_name(arrays.pooled)}}[_window] = _cells[_largest];
            {% else %}
            auto _sum = _cells[_first] * 0;
            for (int i = 0; i < {{window_height}}; i++)
                for (int j = 0; j < {{window_width}}; j++)
                    _sum += _cells[_first + i * {{width}} + j];
            {{get_array_name(arrays.pooled)}}[_window] = _sum / {{window_height * window_width}};
            {% endif %}
        }
    }
{% endblock %}
