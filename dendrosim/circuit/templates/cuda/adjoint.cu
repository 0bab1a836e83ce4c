{# feedback = Theta^T delta, for every row. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'matrix.cu' as matrix with context %}
{% block kernel %}
namespace {
{{ matrix.matrix_product(c_data_type(arrays.weights.dtype)) }}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    auto* feedback = {{get_array_name(arrays.below, prefix="dev")}};
    _multiply({{rows - lag}}, {{pre}}, {{post}}, 1, {{get_array_name(arrays.above, prefix="dev")}} + {{lag * post}}, {{post}}, 1,
              {{get_array_name(arrays.weights, prefix="dev")}}, {{pre}}, 1,
              1, {{"feedback" if accumulate else "nullptr"}}, {{pre}}, feedback);
{% endblock %}
