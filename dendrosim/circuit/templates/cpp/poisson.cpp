{# count = a Poisson number with the expected mean for each cell, from the seed of its row, the step and its place. See circuit/spiking.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
namespace {
{{ splitmix.replace("QUALIFIERS", "static inline") }}
}
{% endblock %}
{% block maincode %}
    {% set most = 64 %}
    const unsigned long long _step = {{get_array_name(arrays.step)}}[0];
    {% for cells, kinds in drawn %}
    {% set layer = loop.index0 %}
    for (int row = 0; row < {{rows}}; row++)
        for (int begin = 0; begin < {{cells}}; begin += {{most}}) {
            const int _cells = std::min({{most}}, {{cells}} - begin);
            const size_t _first = (size_t)row * {{cells}} + begin;
            unsigned long long _words[{{most}}];
            {% for pair in kinds | batch(2) %}
            for (int k = 0; k < _cells; k++)
                _words[k] = _word({{get_array_name(arrays.seeds)}}[{{layer * rows}} + row], _step * {{cells}} + begin + k, {{(kinds | length + 1) // 2}}, {{loop.index0}});
            {% for count, expected in pair %}
            _poisson<{{most}}>(_words, {{loop.index0}}, {{get_array_name(expected)}} + _first, {{get_array_name(count)}} + _first, _cells);
            {% endfor %}
            {% endfor %}
        }
    {% endfor %}
{% endblock %}
