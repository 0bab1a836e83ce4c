{# weights += rate * (mean of delta source^T over rows, decayed). See circuit/learning.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% import 'matrix.cpp' as matrix with context %}
{% import 'plasticity.cpp' as plasticity with context %}
{% block extra_headers %}
#include <algorithm>
#include <cstring>
#include <vector>
namespace {
{{ matrix.matrix_product(c_data_type(arrays.weights.dtype)) }}
}
{% endblock %}
{% block maincode %}
    if ({{get_array_name(arrays.active)}}[0] > 0{% if not continuous %} && {{get_array_name(arrays.converged)}}[0] > 0{% endif %}) {
        const auto _rate = {{get_array_name(arrays.rate)}}[0];
        auto* _weights = {{get_array_name(arrays.weights)}};
        const auto* _delta = {{get_array_name(arrays.above)}} + {{lag * post}};
        {{ plasticity.decayed(post * pre) }}
        _matrix_product<true>({{post}}, {{pre}}, {{rows - lag}}, {{factor}} * _rate / {{rows}}, _delta, 1, {{post}},
                              {{get_array_name(arrays.source)}}, {{pre}}, 1, _weights);
        {% if "bias" in arrays %}
        for (int row = 0; row < {{rows}}; row++)
            for (int k = 0; k < {{post}}; k++)
                {{get_array_name(arrays.bias)}}[k] += {{factor}} * _rate / {{rows}} * _delta[(size_t)row * {{post}} + k];
        {% endif %}
    }
{% endblock %}
