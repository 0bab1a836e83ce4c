{# count = a Poisson number with the expected mean for each cell, from the seed of its row, the step and its place. See circuit/spiking.py #}
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
        for (int k = 0; k < {{cells}}; k++) {
            const size_t cell = (size_t)row * {{cells}} + k;
            {% for count, expected in kinds %}
            {{get_array_name(count)}}[cell] = _poisson({{get_array_name(arrays.seeds)}}[row], (_first + k) * {{kinds | length}} + {{loop.index0}}, {{get_array_name(expected)}}[cell]);
            {% endfor %}
        }
{% endblock %}
