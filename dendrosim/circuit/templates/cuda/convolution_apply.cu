{# drive = W * basal + bias, for every row. See circuit/projection.py #}
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
__global__ void _convolution_apply(const {{real}}* below, const {{real}}* weights, const {{real}}* bias, {{real}}* drive)
{
{{ elements.element(rows * post) }}
    const int y = k / {{across}} % {{down}}, x = k % {{across}}, above = k / {{down * across}} % {{above}};
    const {{real}}* basal = below + k / {{post}} * {{pre}};
    {{real}} sum = 0;
    for (int channel = 0; channel < {{channels}}; channel++)
    for (int i = 0; i < {{kernel_height}}; i++)
    for (int j = 0; j < {{kernel_width}}; j++) {
        const int row = y + i - {{padding}}, column = x + j - {{padding}};
        if (row >= 0 && row < {{height}} && column >= 0 && column < {{width}})
            sum += weights[((above * {{channels}} + channel) * {{kernel_height}} + i) * {{kernel_width}} + j]
                 * basal[(channel * {{height}} + row) * {{width}} + column];
    }
    drive[k] = sum + bias[above];
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    _convolution_apply<<<{{elements.threads(rows * post)}}>>>(
        {{get_array_name(arrays.below, prefix="dev")}}, {{get_array_name(arrays.weights, prefix="dev")}},
        {{get_array_name(arrays.bias, prefix="dev")}}, {{get_array_name(arrays.above, prefix="dev")}});
    CUDA_CHECK_ERROR("_convolution_apply");
{% endblock %}
