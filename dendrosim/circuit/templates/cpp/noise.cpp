{# fluctuation = a standard normal number for each cell, from the key of its row, the step and its place. See circuit/noise.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% import 'splitmix.cpp' as splitmix %}
{% block extra_headers %}
#include <cstdint>
namespace {
{{ splitmix.normal("static inline") }}
}
{% endblock %}
{% block maincode %}
    const uint64_t _first = (uint64_t){{get_array_name(arrays.step)}}[0] * {{cells}};
    for (int row = 0; row < {{rows}}; row++)
        for (int k = 0; k < {{cells}}; k++)
            {{get_array_name(arrays.fluctuation)}}[(size_t)row * {{cells}} + k] = _normal({{get_array_name(arrays.seeds)}}[row], _first + k);
{% endblock %}
