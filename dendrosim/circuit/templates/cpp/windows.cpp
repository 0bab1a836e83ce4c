{# The windows of one row as the columns of a matrix (channels * kernel height * kernel width) x positions, and back. #}
{% macro windows(real, connection) %}
{% set channels, height, width = connection.source_shape %}
{% set above, down, across = connection.above_shape %}
{% set kernel_height, kernel_width = connection.shape[2:] %}
{% set padding = connection.padding %}
template<class VISIT> static void _each_window(VISIT visit)
{
    size_t entry = 0;
    for (int channel = 0; channel < {{channels}}; channel++)
    for (int y = 0; y < {{kernel_height}}; y++)
    for (int x = 0; x < {{kernel_width}}; x++)
    for (int row = y - {{padding}}; row < {{down}} + y - {{padding}}; row++)
    for (int column = x - {{padding}}; column < {{across}} + x - {{padding}}; column++, entry++)
        if (row >= 0 && row < {{height}} && column >= 0 && column < {{width}})
            visit(entry, (channel * {{height}} + row) * {{width}} + column);
}
static void _gather_windows(const {{real}}* cells, std::vector<{{real}}>& matrix)
{
    _each_window([&](size_t entry, int cell) { matrix[entry] = cells[cell]; });  // the padding stays zero
}
// Adds to the cells.
static void _scatter_windows(const std::vector<{{real}}>& matrix, {{real}}* cells)
{
    _each_window([&](size_t entry, int cell) { cells[cell] += matrix[entry]; });
}
{% endmacro %}
