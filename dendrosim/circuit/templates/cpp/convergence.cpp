{# The largest tau*|d/dt| of each row; stops the run once all are below tolerance, if asked to. See circuit/convergence.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include "network.h"
#include <cstdint>
#include <cstring>
{% set real = c_data_type(arrays.residual.dtype) %}
{% set bits = "uint64_t" if real == "double" else "uint32_t" %}
namespace {
// The compiler takes for granted that no number is NaN, and a comparison may then go either way. The bits of numbers
// that are not negative are in the order of the numbers, with NaN above all others: compare those.
inline {{bits}} _order(const {{real}} number)
{
    {{bits}} bits;
    std::memcpy(&bits, &number, sizeof(bits));
    return bits << 1;  // without the sign
}
}
{% endblock %}
{% block maincode %}
    auto* _residual = {{get_array_name(arrays.residual)}};
    auto* _settled = {{get_array_name(arrays.settled)}};
    const double _now = {{get_array_name(arrays.now)}}[0];
    const auto _tolerance = _order({{get_array_name(arrays.tolerance)}}[0]);
    const bool _last = _now >= {{get_array_name(arrays.limit)}}[0];
    bool _all_quiet = true;
    for (int b = 0; b < {{rows}}; b++) {
        std::decay_t<decltype(_residual[0])> _largest = 0;
        bool _quiet = {{ "true" if derivatives else "false" }};
        // A row that moves is looked at only until that is known, except at the end, when it is said by how much.
        {% for derivative in derivatives %}
        for (size_t k = (size_t)b * {{derivative.cells}}; k < (size_t)(b + 1) * {{derivative.cells}} && (_quiet || _last); k++) {
            const decltype(_largest) _change = std::abs({% for array, factor in derivative.terms %}{{factor}}*{{get_array_name(array)}}[k]{{ " + " if not loop.last }}{% endfor %});
            _largest = _change > _largest ? _change : _largest;
            _quiet = _quiet && _order(_change) < _tolerance;  // NaN is not quiet
        }
        {% endfor %}
        _residual[b] = _largest;
        _settled[b] = !_quiet ? -1.0 : _settled[b] < 0 ? _now : _settled[b];
        _all_quiet = _all_quiet && _quiet;
    }
    {{get_array_name(arrays.duration)}}[0] = _now;
    {{get_array_name(arrays.converged)}}[0] = _all_quiet;
    if ((_all_quiet && {{get_array_name(arrays.stop)}}[0] > 0) || _last)
        Network::_globally_stopped = true;
{% endblock %}
