{# drive = W basal + bias, for every row; the first connection to a layer has the bias. See circuit/projection.py #}
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
    {% set base = "drive" if accumulate else get_array_name(arrays.bias, prefix="dev") if connection.has_bias else "nullptr" %}
    auto* drive = {{get_array_name(arrays.above, prefix="dev")}} + {{lag * post}};
    _multiply({{rows - lag}}, {{post}}, {{pre}}, 1, {{get_array_name(arrays.below, prefix="dev")}}, {{pre}}, 1,
              {{get_array_name(arrays.weights, prefix="dev")}}, 1, {{pre}}, 1, {{base}}, {{post if accumulate else 0}}, drive);
{% endblock %}
