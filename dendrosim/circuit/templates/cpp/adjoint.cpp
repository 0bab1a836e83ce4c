{# feedback = Theta^T delta, for every presentation. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% import 'matrix.cpp' as matrix with context %}
{% block extra_headers %}
#include <algorithm>
namespace {
{{ matrix.matrix_product(c_data_type(arrays.weights.dtype)) }}
}
{% endblock %}
{% block maincode %}
    _matrix_product<false>({{presentations}}, {{pre}}, {{post}}, 1, {{get_array_name(arrays.above)}}, {{post}}, 1,
                           {{get_array_name(arrays.weights)}}, {{pre}}, 1, {{get_array_name(arrays.below)}});
{% endblock %}
