{# drive = W basal + bias, for every presentation. See circuit/projection.py #}
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
    auto* _drive = {{get_array_name(arrays.above)}};
    const auto* _bias = {{get_array_name(arrays.bias)}};
    for (int b = 0; b < {{presentations}}; b++)
        std::copy(_bias, _bias + {{post}}, _drive + (size_t)b * {{post}});
    _matrix_product<true>({{presentations}}, {{post}}, {{pre}}, 1, {{get_array_name(arrays.below)}}, {{pre}}, 1,
                          {{get_array_name(arrays.weights)}}, 1, {{pre}}, _drive);
{% endblock %}
