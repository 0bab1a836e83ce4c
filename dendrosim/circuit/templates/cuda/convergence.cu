{# The largest tau*|d/dt| of each row; stops the run once all are below tolerance, if asked to. See circuit/convergence.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'reduction.cu' as reduction with context %}
{% block extra_headers %}
#include "network.h"
{% endblock %}
{% block kernel %}
{% set real = c_data_type(arrays.residual.dtype) %}
namespace {
{{ reduction.reduction(real) }}

// One block of threads for each row.
__global__ void _convergence(
    {% for derivative in derivatives %}
    {% set outer = loop %}
    {% for array, factor in derivative.terms %}
    const {{real}}* _term_{{outer.index}}_{{loop.index}},
    {% endfor %}
    {% endfor %}
    const double now, const {{real}}* tolerance, {{real}}* residual, double* settled, double* duration,
    {{real}}* converged)
{
    const size_t b = blockIdx.x;
    {{real}} largest = 0, restless = {{ "0" if derivatives else "1" }};
    {% for derivative in derivatives %}
    {% set outer = loop %}
    for (size_t k = b * {{derivative.cells}} + threadIdx.x; k < (b + 1) * {{derivative.cells}}; k += _THREADS) {
        const {{real}} change = fabs({% for array, factor in derivative.terms %}{{factor}}*_term_{{outer.index}}_{{loop.index}}[k]{{ " + " if not loop.last }}{% endfor %});
        largest = change > largest ? change : largest;
        restless = change < tolerance[0] ? restless : {{real}}(1);  // NaN is not quiet
    }
    {% endfor %}
    largest = _reduce(largest, _Largest());
    restless = _reduce(restless, _Largest());
    if (threadIdx.x == 0) {
        residual[b] = largest;
        settled[b] = restless > 0 ? -1 : settled[b] < 0 ? now : settled[b];
        if (restless > 0)
            converged[0] = 0;
        if (b == 0)
            duration[0] = now;
    }
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    // Only whether all have converged crosses to the host, where time and its limit are kept. It does so in every step,
    // because a run ends, and learning at convergence goes on, with the very step that converged, as on all targets.
    const double now = {{get_array_name(arrays.now, access_data=False)}}[0];
    auto* converged = {{get_array_name(arrays.converged, access_data=False)}};
    auto* converged_there = {{get_array_name(arrays.converged, prefix="dev")}};
    converged[0] = 1;
    CUDA_SAFE_CALL(cudaMemcpy(converged_there, converged, sizeof(*converged), cudaMemcpyHostToDevice));
    _convergence<<<{{rows}}, _THREADS>>>(
        {% for derivative in derivatives %}
        {% for array, factor in derivative.terms %}
        {{get_array_name(array, prefix="dev")}},
        {% endfor %}
        {% endfor %}
        now, {{get_array_name(arrays.tolerance, prefix="dev")}}, {{get_array_name(arrays.residual, prefix="dev")}},
        {{get_array_name(arrays.settled, prefix="dev")}}, {{get_array_name(arrays.duration, prefix="dev")}}, converged_there);
    CUDA_CHECK_ERROR("_convergence");
    CUDA_SAFE_CALL(cudaMemcpy(converged, converged_there, sizeof(*converged), cudaMemcpyDeviceToHost));
    if ((converged[0] > 0 && {{get_array_name(arrays.stop, access_data=False)}}[0] > 0)
        || now >= {{get_array_name(arrays.limit, access_data=False)}}[0])
        Network::_globally_stopped = true;
{% endblock %}
