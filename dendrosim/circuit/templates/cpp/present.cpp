{# Each stream holds the stimulus and the target of its present slot. See circuit/presenter.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
#include "network.h"
{% endblock %}
{% block maincode %}
    bool _done = true;
    {% if not continuous %}
    {{get_array_name(arrays.slot)}}[0] += {{get_array_name(arrays.converged)}}[0];
    {% endif %}
    for (int stream = 0; stream < {{presentations}}; stream++) {
        {% if continuous %}
        const double _elapsed = {{get_array_name(arrays.now)}}[0] + {{get_array_name(arrays.offset)}}[stream];
        const int _slot = std::floor(_elapsed / {{get_array_name(arrays.held)}}[0] + 1e-9);
        {% else %}
        const int _slot = {{get_array_name(arrays.slot)}}[0];
        {% endif %}
        _done = _done && _slot >= {{slots}};
        const size_t _sample = {{get_array_name(arrays.order)}}[(size_t)std::min(_slot, {{slots}}) * {{presentations}} + stream];
        for (int step = 0; step < {{steps}}; step++) {
            const size_t _from = _sample * {{steps}} + step, _to = (size_t)step * {{presentations}} + stream;
            std::copy_n({{get_array_name(arrays.stimuli)}} + _from * {{stimulus}}, {{stimulus}},
                        {{get_array_name(arrays.input)}} + _to * {{stimulus}});
            std::copy_n({{get_array_name(arrays.targets)}} + _from * {{answer}}, {{answer}},
                        {{get_array_name(arrays.target)}} + _to * {{answer}});
        }
    }
    if (_done) {
        {{get_array_name(arrays.active)}}[0] = 0;
        Network::_globally_stopped = true;
    }
{% endblock %}
