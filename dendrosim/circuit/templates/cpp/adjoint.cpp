{# feedback = Theta^T delta, for every row. See circuit/projection.py #}
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
    _matrix_product<{{ "true" if accumulate else "false" }}>(
        {{rows - lag}}, {{pre}}, {{post}}, 1, {{get_array_name(arrays.above)}} + {{lag * post}}, {{post}}, 1,
        {{get_array_name(arrays.weights)}}, {{pre}}, 1, {{get_array_name(arrays.below)}});
{% endblock %}
