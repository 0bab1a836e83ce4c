{# weights += rate * (mean of delta source^T over rows, summed over positions, decayed). See circuit/learning.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% import 'matrix.cpp' as matrix with context %}
{% import 'plasticity.cpp' as plasticity with context %}
{% import 'windows.cpp' as windows with context %}
{% block extra_headers %}
{% set real = c_data_type(arrays.weights.dtype) %}
#include <algorithm>
#include <cstring>
#include <vector>
namespace {
{{ matrix.matrix_product(real) }}
{{ windows.windows(real, connection) }}
}
{% endblock %}
{% block maincode %}
    {% set real = c_data_type(arrays.weights.dtype) %}
    {% set channels, positions, fan_in = connection.above_shape[0], connection.above_shape[1] * connection.above_shape[2], connection.fan_in %}
    if ({{get_array_name(arrays.active)}}[0] > 0{% if not continuous %} && {{get_array_name(arrays.converged)}}[0] > 0{% endif %}) {
        static std::vector<{{real}}> _matrix({{fan_in * positions}});
        const auto _rate = {{get_array_name(arrays.rate)}}[0];
        auto* _weights = {{get_array_name(arrays.weights)}};
        {{ plasticity.decayed(channels * fan_in) }}
        for (int row = 0; row < {{rows}}; row++) {
            const auto* _delta = {{get_array_name(arrays.above)}} + (size_t)row * {{post}};
            _gather_windows({{get_array_name(arrays.source)}} + (size_t)row * {{pre}}, _matrix);
            _matrix_product<true>({{channels}}, {{fan_in}}, {{positions}}, {{factor}} * _rate / {{rows}}, _delta, {{positions}}, 1,
                                  _matrix.data(), 1, {{positions}}, _weights);
            {% if "bias" in arrays %}
            for (int k = 0; k < {{post}}; k++)
                {{get_array_name(arrays.bias)}}[k / {{positions}}] += {{factor}} * _rate / {{rows}} * _delta[k];
            {% endif %}
        }
    }
{% endblock %}
