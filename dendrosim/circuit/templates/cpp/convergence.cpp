{# The largest tau*|d/dt| of each row; stops the run once all are below tolerance, if asked to. See circuit/convergence.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include "network.h"
{% endblock %}
{% block maincode %}
    auto* _motion = {{get_array_name(arrays.motion)}};
    auto* _settled = {{get_array_name(arrays.settled)}};
    const double _now = {{get_array_name(arrays.now)}}[0];
    bool _all_quiet = true;
    for (int b = 0; b < {{rows}}; b++) {
        decltype(+_motion[0]) _largest = 0;
        bool _quiet = true;
        {% for derivative in derivatives %}
        for (size_t k = (size_t)b * {{derivative.cells}}; k < (size_t)(b + 1) * {{derivative.cells}}; k++) {
            const auto _change = std::abs({% for array, factor in derivative.terms %}{{factor}}*{{get_array_name(array)}}[k]{{ " + " if not loop.last }}{% endfor %});
            _largest = _change > _largest ? _change : _largest;
            _quiet = _quiet && _change < {{get_array_name(arrays.tolerance)}}[0];  // NaN is not quiet
        }
        {% endfor %}
        _motion[b] = _largest;
        _settled[b] = !_quiet ? -1.0 : _settled[b] < 0 ? _now : _settled[b];
        _all_quiet = _all_quiet && _quiet;
    }
    {{get_array_name(arrays.duration)}}[0] = _now;
    {{get_array_name(arrays.converged)}}[0] = _all_quiet;
    if ((_all_quiet && {{get_array_name(arrays.stop)}}[0] > 0) || _now >= {{get_array_name(arrays.limit)}}[0])
        Network::_globally_stopped = true;
{% endblock %}
