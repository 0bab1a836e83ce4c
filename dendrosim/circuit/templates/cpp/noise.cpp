{# fluctuation = a standard normal number for each cell, from the seed of its row, the step and its place. See circuit/noise.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
namespace {
{{ splitmix.replace("QUALIFIERS", "static inline") }}
}
{% endblock %}
{% block maincode %}
    const unsigned long long _first = (unsigned long long){{get_array_name(arrays.step)}}[0] * {{cells}};
    for (int row = 0; row < {{rows}}; row++)
        for (int k = 0; k < {{cells}}; k++)
            {{get_array_name(arrays.fluctuation)}}[(size_t)row * {{cells}} + k] = _normal({{get_array_name(arrays.seeds)}}[row], _first + k);
{% endblock %}
