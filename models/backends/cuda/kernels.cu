// A picture as decoded to the engine's input: crop to the endoscope's picture area, antialiased
// resize and colour conversion, in one pass.
//
// The resize is Pillow's BILINEAR with antialiasing: a triangle whose half-width is one output sample
// or one source sample, whichever is larger, normalised over the taps that lie inside the area. It
// runs on each plane by itself, chroma at its own resolution, and colours are converted once, on the
// means: filter and conversion are both linear, so they may change places, and models/preprocess.py
// does the same on the CPU.
//
// One thread makes one output pixel. From 1080p to 352 x 352 that is about 75 luma and 25 chroma
// taps; two separable passes through shared memory would need about 50 and a barrier. Neighbouring
// threads read overlapping runs of the same rows, so nearly all reads come from the L1 cache.

// What one launch does. models/backends/cuda/conversion.py describes the same bytes.
struct Job {
    const unsigned char *picture;
    unsigned char *input;  // (input_height, input_width, 3) RGB
    int picture_width, picture_height;
    int area_x, area_y, area_width, area_height;  // even where chroma is halved
    int input_width, input_height;
    float rgb_from_yuv[12];  // (3, 4) by rows: weights of Y, U, V and 1; unused for RGB pictures
};

// The taps of one output sample along one axis: source samples `first` to `end`, exclusive, counted
// from the area's edge.
struct Taps {
    int first, end;
    float centre, inverse_half_width;

    __device__ Taps(int output, int output_size, int source_size) {
        const float scale = static_cast<float>(source_size) / static_cast<float>(output_size);
        const float half_width = fmaxf(scale, 1.0f);
        centre = (static_cast<float>(output) + 0.5f) * scale;
        inverse_half_width = 1.0f / half_width;
        first = max(static_cast<int>(centre - half_width + 0.5f), 0);
        end = min(static_cast<int>(centre + half_width + 0.5f), source_size);
    }

    __device__ float weight(int source) const {
        const float distance = fabsf(static_cast<float>(source) + 0.5f - centre);
        return fmaxf(1.0f - distance * inverse_half_width, 0.0f);
    }
};

// Samples that lie together: one plane, or several channels of the same resolution.
struct Samples {
    const unsigned char *first;  // channel 0 of the area's upper left sample
    ptrdiff_t row_bytes, sample_bytes, channel_bytes;

    template <int channels>
    __device__ void average(const Taps &across, const Taps &down, float (&mean)[channels]) const {
        float sum[channels] = {};
        float total = 0.0f;
        for (int y = down.first; y < down.end; ++y) {
            const unsigned char *row = first + y * row_bytes;
            const float row_weight = down.weight(y);
            for (int x = across.first; x < across.end; ++x) {
                const float weight = row_weight * across.weight(x);
                for (int channel = 0; channel < channels; ++channel) {
                    sum[channel] += weight * row[x * sample_bytes + channel * channel_bytes];
                }
                total += weight;
            }
        }
        for (int channel = 0; channel < channels; ++channel) {
            mean[channel] = sum[channel] / total;
        }
    }
};

struct OutputPixel {
    int column, row;

    __device__ OutputPixel()
        : column(static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x)),
          row(static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y)) {}

    __device__ bool is_outside(const Job &job) const {
        return column >= job.input_width || row >= job.input_height;
    }

    __device__ void write(const Job &job, const float (&rgb)[3]) const {
        unsigned char *pixel =
            job.input + (static_cast<size_t>(row) * job.input_width + column) * 3;
        for (int channel = 0; channel < 3; ++channel) {
            const float level = fminf(fmaxf(rgb[channel], 0.0f), 255.0f);
            pixel[channel] = static_cast<unsigned char>(level + 0.5f);
        }
    }
};

__device__ static inline void resize_rgb(const Job &job, const Samples &samples) {
    const OutputPixel output;
    if (output.is_outside(job)) {
        return;
    }
    const Taps across(output.column, job.input_width, job.area_width);
    const Taps down(output.row, job.input_height, job.area_height);
    float rgb[3];
    samples.average(across, down, rgb);
    output.write(job, rgb);
}

// Chroma has half the columns of luma, and ``chroma_height`` rows in the area.
__device__ static inline void resize_yuv(
    const Job &job, const Samples &luma, const Samples &chroma, int chroma_height) {
    const OutputPixel output;
    if (output.is_outside(job)) {
        return;
    }
    const Taps across(output.column, job.input_width, job.area_width);
    const Taps down(output.row, job.input_height, job.area_height);
    const Taps chroma_across(output.column, job.input_width, job.area_width / 2);
    const Taps chroma_down(output.row, job.input_height, chroma_height);
    float y[1], uv[2], rgb[3];
    luma.average(across, down, y);
    chroma.average(chroma_across, chroma_down, uv);
    for (int channel = 0; channel < 3; ++channel) {
        const float *weights = job.rgb_from_yuv + channel * 4;
        rgb[channel] = weights[0] * y[0] + weights[1] * uv[0] + weights[2] * uv[1] + weights[3];
    }
    output.write(job, rgb);
}

// Offsets are ptrdiff_t: products of large pictures' sides do not fit 32 bits.

// ``red`` is the place of red in a pixel's bytes, and ``step`` leads from it to green, and to blue.
__device__ static inline void resize_three_bytes(const Job &job, int red, int step) {
    const ptrdiff_t row_bytes = static_cast<ptrdiff_t>(job.picture_width) * 3;
    const ptrdiff_t corner = job.area_y * row_bytes + static_cast<ptrdiff_t>(job.area_x) * 3;
    resize_rgb(job, {job.picture + corner + red, row_bytes, 3, step});
}

extern "C" __global__ void rgb24_to_input(Job job) { resize_three_bytes(job, 0, 1); }

extern "C" __global__ void bgr24_to_input(Job job) { resize_three_bytes(job, 2, -1); }

__device__ static inline void resize_yuv420(
    const Job &job, ptrdiff_t chroma_row_bytes, ptrdiff_t sample_bytes, ptrdiff_t channel_bytes) {
    const ptrdiff_t row_bytes = job.picture_width;
    const unsigned char *luma = job.picture + job.area_y * row_bytes + job.area_x;
    const unsigned char *chroma = job.picture + row_bytes * job.picture_height +
                                  job.area_y / 2 * chroma_row_bytes +
                                  job.area_x / 2 * sample_bytes;
    resize_yuv(
        job,
        {luma, row_bytes, 1, 0},
        {chroma, chroma_row_bytes, sample_bytes, channel_bytes},
        job.area_height / 2);
}

extern "C" __global__ void yuv420p_to_input(Job job) {
    const ptrdiff_t plane_bytes =
        static_cast<ptrdiff_t>(job.picture_width / 2) * (job.picture_height / 2);
    resize_yuv420(job, job.picture_width / 2, 1, plane_bytes);
}

extern "C" __global__ void nv12_to_input(Job job) { resize_yuv420(job, job.picture_width, 2, 1); }

// Two pixels in four bytes; ``luma`` and ``chroma`` are where their first samples lie in them.
__device__ static inline void resize_yuv422(const Job &job, int luma, int chroma) {
    const ptrdiff_t row_bytes = static_cast<ptrdiff_t>(job.picture_width) * 2;
    const unsigned char *corner =
        job.picture + job.area_y * row_bytes + static_cast<ptrdiff_t>(job.area_x) * 2;
    resize_yuv(
        job,
        {corner + luma, row_bytes, 2, 0},
        {corner + chroma, row_bytes, 4, 2},
        job.area_height);
}

extern "C" __global__ void yuyv422_to_input(Job job) { resize_yuv422(job, 0, 1); }

extern "C" __global__ void uyvy422_to_input(Job job) { resize_yuv422(job, 1, 0); }
