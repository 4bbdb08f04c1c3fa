// Runs the kernels on buffers of exactly the right size, for many sizes of picture, area and input.
// Built with the address and undefined-behaviour sanitisers, which end it at the first stray access.
// With an argument, the input is one byte too small: this must end in a report.

#include <cstdio>
#include <memory>

#include "host_cuda.h"

// ``column_step`` and ``row_step``: the least sides of an area, and what it begins at multiples of.
static void check(
    Kernel kernel, size_t picture_bytes, int width, int height, int column_step, int row_step,
    int missing) {
    const std::unique_ptr<unsigned char[]> picture(new unsigned char[picture_bytes]());
    const int input_sizes[][2] = {{1, 1}, {32, 8}, {33, 9}, {96, 64}};
    for (const auto &size : input_sizes) {
        const size_t input_bytes = static_cast<size_t>(size[0]) * size[1] * 3 - missing;
        const std::unique_ptr<unsigned char[]> input(new unsigned char[input_bytes]);
        const int areas[][4] = {
            {0, 0, width, height},
            {width - column_step, height - row_step, column_step, row_step},
            {column_step, 0, width - column_step, height},
            {0, height - row_step, width, row_step},
        };
        for (const auto &area : areas) {
            if (area[2] == 0 || area[3] == 0) {
                continue;
            }
            const Job job = {
                picture.get(), input.get(), width,   height,  area[0],
                area[1],       area[2],     area[3], size[0], size[1],
                {1, 0, 1.5f, -200, 1, -0.2f, -0.5f, 80, 1, 1.8f, 0, -240}};
            const Index grid = {(size[0] + 31u) / 32, (size[1] + 7u) / 8};
            run(kernel, job, grid, {32, 8});
        }
    }
}

int main(int argument_count, char **) {
    const int missing = argument_count > 1 ? 1 : 0;
    for (const int width : {1, 2, 3, 7, 351, 640}) {
        for (const int height : {1, 2, 5, 353, 480}) {
            const size_t bytes = static_cast<size_t>(width) * height * 3;
            check(rgb24_to_input, bytes, width, height, 1, 1, missing);
            check(bgr24_to_input, bytes, width, height, 1, 1, missing);
        }
    }
    for (const int width : {2, 4, 6, 350, 640}) {
        for (const int height : {2, 4, 354, 480}) {
            const size_t bytes = static_cast<size_t>(width) * height * 3 / 2;
            check(yuv420p_to_input, bytes, width, height, 2, 2, missing);
            check(nv12_to_input, bytes, width, height, 2, 2, missing);
        }
        for (const int height : {1, 2, 5, 353, 480}) {
            const size_t bytes = static_cast<size_t>(width) * height * 2;
            check(yuyv422_to_input, bytes, width, height, 2, 1, missing);
            check(uyvy422_to_input, bytes, width, height, 2, 1, missing);
        }
    }
    std::puts("within bounds");
}
