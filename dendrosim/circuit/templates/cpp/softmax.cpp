{# prediction = softmax(drive) over the cells of each presentation. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
{% endblock %}
{% block maincode %}
    for (int b = 0; b < {{rows}}; b++) {
        const auto* _drive = {{get_array_name(arrays.drive)}} + (size_t)b * {{cells}};
        auto* _prediction = {{get_array_name(arrays.prediction)}} + (size_t)b * {{cells}};
        const auto _largest = *std::max_element(_drive, _drive + {{cells}});
        auto _sum = _largest * 0;
        for (int k = 0; k < {{cells}}; k++)
            _sum += _prediction[k] = std::exp(_drive[k] - _largest);
        for (int k = 0; k < {{cells}}; k++)
            _prediction[k] /= _sum;
    }
{% endblock %}
