{# feedback = Theta^T delta, for every presentation. See circuit/projection.py #}
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
    _multiply({{presentations}}, {{pre}}, {{post}}, 1, {{get_array_name(arrays.above, prefix="dev")}}, {{post}}, 1,
              {{get_array_name(arrays.weights, prefix="dev")}}, {{pre}}, 1,
              nullptr, 0, {{get_array_name(arrays.below, prefix="dev")}});
{% endblock %}
