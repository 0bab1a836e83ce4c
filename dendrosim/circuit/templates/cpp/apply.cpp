{# drive = W basal + bias, for every row. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% import 'matrix.cpp' as matrix with context %}
{% block extra_headers %}
#include <algorithm>
#include <cstring>
#include <vector>
namespace {
{{ matrix.matrix_product(c_data_type(arrays.weights.dtype)) }}
}
{% endblock %}
{% block maincode %}
    auto* _drive = {{get_array_name(arrays.above)}} + {{lag * post}};
    {% if connection.has_bias %}
    const auto* _bias = {{get_array_name(arrays.bias)}};
    for (int row = 0; row < {{rows - lag}}; row++)
        for (int k = 0; k < {{post}}; k++)
            _drive[(size_t)row * {{post}} + k] {{ "+=" if accumulate else "=" }} _bias[k];
    {% endif %}
    _matrix_product<{{ "true" if accumulate or connection.has_bias else "false" }}>(
        {{rows - lag}}, {{post}}, {{pre}}, 1, {{get_array_name(arrays.below)}}, {{pre}}, 1,
        {{get_array_name(arrays.weights)}}, 1, {{pre}}, _drive);
{% endblock %}
