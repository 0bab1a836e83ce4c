{# prediction = softmax(drive) over the cells of each row. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'reduction.cu' as reduction with context %}
{% block kernel %}
{% set real = c_data_type(arrays.drive.dtype) %}
namespace {
{{ reduction.reduction(real) }}
// One block of threads for each row.
__global__ void _softmax(const {{real}}* drives, {{real}}* predictions)
{
    const {{real}}* drive = drives + (size_t)blockIdx.x * {{cells}};
    {{real}}* prediction = predictions + (size_t)blockIdx.x * {{cells}};
    {{real}} largest = drive[0], sum = 0;
    for (int k = threadIdx.x; k < {{cells}}; k += _THREADS)
        largest = drive[k] > largest ? drive[k] : largest;
    largest = _reduce(largest, _Largest());
    for (int k = threadIdx.x; k < {{cells}}; k += _THREADS)
        sum += prediction[k] = exp(drive[k] - largest);
    sum = _reduce(sum, _Sum());
    for (int k = threadIdx.x; k < {{cells}}; k += _THREADS)
        prediction[k] /= sum;
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    _softmax<<<{{rows}}, _THREADS>>>(
        {{get_array_name(arrays.drive, prefix="dev")}}, {{get_array_name(arrays.prediction, prefix="dev")}});
    CUDA_CHECK_ERROR("_softmax");
{% endblock %}
