{# feedback = Theta^T delta, the transposed convolution, for every row. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'elements.cu' as elements with context %}
{% block kernel %}
{% set channels, height, width = connection.source_shape %}
{% set above, down, across = connection.above_shape %}
{% set kernel_height, kernel_width = connection.shape[2:] %}
{% set padding = connection.padding %}
{% set real = c_data_type(arrays.weights.dtype) %}
namespace {
// Each cell below gathers from all cells above that see it.
__global__ void _convolution_adjoint(const {{real}}* deltas, const {{real}}* weights, {{real}}* feedback)
{
{{ elements.element(rows * pre) }}
    const int y = k / {{width}} % {{height}}, x = k % {{width}}, channel = k / {{height * width}} % {{channels}};
    const {{real}}* delta = deltas + k / {{pre}} * {{post}};
    {{real}} sum = 0;
    for (int above = 0; above < {{above}}; above++)
    for (int i = 0; i < {{kernel_height}}; i++)
    for (int j = 0; j < {{kernel_width}}; j++) {
        const int row = y + {{padding}} - i, column = x + {{padding}} - j;
        if (row >= 0 && row < {{down}} && column >= 0 && column < {{across}})
            sum += weights[((above * {{channels}} + channel) * {{kernel_height}} + i) * {{kernel_width}} + j]
                 * delta[(above * {{down}} + row) * {{across}} + column];
    }
    feedback[k] {{ "+=" if accumulate else "=" }} sum;
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    _convolution_adjoint<<<{{elements.threads(rows * pre)}}>>>(
        {{get_array_name(arrays.above, prefix="dev")}}, {{get_array_name(arrays.weights, prefix="dev")}},
        {{get_array_name(arrays.below, prefix="dev")}});
    CUDA_CHECK_ERROR("_convolution_adjoint");
{% endblock %}
