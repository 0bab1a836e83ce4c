{# feedback = Theta^T delta, the transposed convolution, for every row. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% import 'matrix.cpp' as matrix with context %}
{% import 'windows.cpp' as windows with context %}
{% block extra_headers %}
{% set real = c_data_type(arrays.weights.dtype) %}
#include <algorithm>
#include <cstring>
#include <vector>
namespace {
{{ matrix.matrix_product(real) }}
{{ windows.windows(real, connection) }}
}
{% endblock %}
{% block maincode %}
    {% set real = c_data_type(arrays.weights.dtype) %}
    {% set channels, positions, fan_in = connection.above_shape[0], connection.above_shape[1] * connection.above_shape[2], connection.fan_in %}
    static std::vector<{{real}}> _matrix({{fan_in * positions}});
    for (int row = 0; row < {{rows}}; row++) {
        _matrix_product<false>({{fan_in}}, {{positions}}, {{channels}}, 1, {{get_array_name(arrays.weights)}}, 1, {{fan_in}},
                               {{get_array_name(arrays.above)}} + (size_t)row * {{post}}, {{positions}}, 1, _matrix.data());
        auto* _feedback = {{get_array_name(arrays.below)}} + (size_t)row * {{pre}};
        {% if not accumulate %}
        std::fill_n(_feedback, {{pre}}, 0);
        {% endif %}
        _scatter_windows(_matrix, _feedback);
    }
{% endblock %}
