// NVIDIA's driver, as far as FFmpeg decodes with it: libcuda and libnvcuvid in one, whose device
// is the host.
//
// It cannot decode. It knows the pictures of one video by their coded bytes, from a file that the
// test wrote, and gives them as a GPU does: into the surface that FFmpeg names, with lines longer
// than the picture's, as many of them as were coded, and other bytes where no picture is.
//
// Environment:
//   HOST_NVDEC_PICTURES   the file: for each picture the 64-bit FNV-1a hash of its coded bytes,
//                         width and height in 32 bits each, and its samples as packed NV12
//   HOST_NVDEC_SUPPORTS   "0": the device decodes no such video
//   HOST_NVDEC_LOST_AT    the picture, in coding order, from which on every call fails

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

namespace {

enum Result { success = 0, no_device = 101, not_found = 500, launch_failed = 719, not_supported = 801 };

using Address = unsigned long long;
using Bytes = std::vector<uint8_t>;

constexpr size_t line_alignment = 512;
constexpr uint8_t no_picture = 0xA5;

struct Picture {
    uint32_t width, height;
    Bytes samples;
};

// As NVIDIA's cuviddec.h has them, to the last member that is used.
struct Capabilities {
    int codec, chroma_format;
    unsigned bit_depth_minus_8, reserved[3];
    uint8_t supported, engines;
    uint16_t output_formats;
    unsigned largest_width, largest_height, most_macroblocks;
    uint16_t least_width, least_height;
};
struct CreateInfo {
    unsigned long width, height, surfaces;
    int codec, chroma_format;
    unsigned long flags, bit_depth_minus_8, intra_only, largest_width, largest_height, reserved;
    int16_t display_area[4];
    int output_format, deinterlacing;
    unsigned long target_width, target_height;
};
struct PictureParameters {
    int width_in_macroblocks, height_in_macroblocks, surface;
    int field, bottom_field, second_field;
    unsigned size;
    const uint8_t *coded;
};

// As NVIDIA's cuda.h has it.
struct Copy2D {
    enum { host = 1, device = 2 };
    size_t source_x, source_y;
    int source_type;
    const uint8_t *source_host;
    Address source_device;
    void *source_array;
    size_t source_pitch;
    size_t target_x, target_y;
    int target_type;
    uint8_t *target_host;
    Address target_device;
    void *target_array;
    size_t target_pitch;
    size_t width, height;
};

struct Decoder {
    size_t width, height, pitch;
    std::vector<Bytes> surfaces;
    std::map<uint64_t, Picture> pictures;
};

std::mutex counting;
int pictures_left = -1;  // before the device is lost; -1 for ever
thread_local int current_contexts = 0;

bool is_lost() {
    const std::lock_guard lock(counting);
    return pictures_left == 0;
}

uint64_t fnv1a(const uint8_t *bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; ++i) {
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    }
    return hash;
}

std::map<uint64_t, Picture> read_pictures(const char *path) {
    std::map<uint64_t, Picture> pictures;
    std::ifstream file(path, std::ios::binary);
    const auto read = [&file](auto *target, size_t size) {
        return bool(file.read(reinterpret_cast<char *>(target), size));
    };
    uint64_t hash;
    while (read(&hash, sizeof hash)) {
        Picture picture;
        read(&picture.width, sizeof picture.width);
        read(&picture.height, sizeof picture.height);
        picture.samples.resize(picture.width * picture.height * 3 / 2);
        read(picture.samples.data(), picture.samples.size());
        pictures.emplace(hash, std::move(picture));
    }
    return pictures;
}

Result copy(const Copy2D *job) {
    if (is_lost() || current_contexts == 0) {
        return launch_failed;
    }
    const auto *source = job->source_type == Copy2D::host
                             ? job->source_host
                             : reinterpret_cast<const uint8_t *>(job->source_device);
    auto *target = job->target_type == Copy2D::host
                       ? job->target_host
                       : reinterpret_cast<uint8_t *>(job->target_device);
    source += job->source_y * job->source_pitch + job->source_x;
    target += job->target_y * job->target_pitch + job->target_x;
    for (size_t row = 0; row < job->height; ++row) {
        std::memcpy(target + row * job->target_pitch, source + row * job->source_pitch, job->width);
    }
    return success;
}

}  // namespace

extern "C" {

int cuInit(unsigned) { return success; }
int cuDriverGetVersion(int *version) {
    *version = 13000;
    return success;
}
int cuDeviceGetCount(int *count) {
    *count = 1;
    return success;
}
int cuDeviceGet(int *device, int index) {
    *device = index;
    return index == 0 ? success : no_device;
}
int cuDeviceGetAttribute(int *value, int, int) {
    *value = line_alignment;
    return success;
}
int cuCtxCreate_v2(void **context, unsigned, int) {
    ++current_contexts;
    *context = &current_contexts;
    return success;
}
int cuCtxDestroy_v2(void *) { return success; }
int cuCtxPushCurrent_v2(void *) {
    ++current_contexts;
    return success;
}
int cuCtxPopCurrent_v2(void **) {
    --current_contexts;
    return success;
}
int cuMemAlloc_v2(Address *address, size_t size) {
    *address = reinterpret_cast<Address>(std::malloc(size));
    return success;
}
int cuMemFree_v2(Address address) {
    std::free(reinterpret_cast<void *>(address));
    return success;
}
int cuMemcpy2D_v2(const Copy2D *job) { return copy(job); }
int cuMemcpy2DAsync_v2(const Copy2D *job, void *) { return copy(job); }
int cuStreamSynchronize(void *) { return is_lost() ? launch_failed : success; }
int cuGetErrorName(int, const char **name) {
    *name = "CUDA_ERROR";
    return success;
}
int cuGetErrorString(int, const char **words) {
    *words = "as the test wants it";
    return success;
}

int cuvidGetDecoderCaps(Capabilities *capabilities) {
    const char *supports = std::getenv("HOST_NVDEC_SUPPORTS");
    capabilities->supported = supports == nullptr || *supports != '0';
    capabilities->output_formats = 1;
    capabilities->largest_width = capabilities->largest_height = 8192;
    capabilities->most_macroblocks = 1 << 20;
    return success;
}
int cuvidCreateDecoder(Decoder **decoder, const CreateInfo *wish) {
    const char *path = std::getenv("HOST_NVDEC_PICTURES");
    if (path == nullptr) {
        return not_found;
    }
    if (const char *lost_at = std::getenv("HOST_NVDEC_LOST_AT"); lost_at != nullptr) {
        pictures_left = std::atoi(lost_at);
    }
    const size_t pitch = (wish->target_width / line_alignment + 1) * line_alignment;
    const Bytes surface(pitch * wish->target_height * 3 / 2, no_picture);
    *decoder = new Decoder{
        wish->target_width, wish->target_height, pitch,
        std::vector<Bytes>(wish->surfaces, surface), read_pictures(path)};
    return success;
}
int cuvidDestroyDecoder(Decoder *decoder) {
    delete decoder;
    return success;
}
int cuvidDecodePicture(Decoder *decoder, const PictureParameters *parameters) {
    {
        const std::lock_guard lock(counting);
        pictures_left -= pictures_left > 0;
    }
    if (is_lost() || current_contexts == 0) {
        return launch_failed;
    }
    // What it does not know comes out as it went in, as a damaged picture may.
    const auto found = decoder->pictures.find(fnv1a(parameters->coded, parameters->size));
    if (found == decoder->pictures.end()) {
        return success;
    }
    const Picture &picture = found->second;
    Bytes &surface = decoder->surfaces.at(parameters->surface);
    for (size_t row = 0; row < picture.height * 3 / 2; ++row) {
        const bool chroma = row >= picture.height;
        const size_t line = chroma ? decoder->height + row - picture.height : row;
        std::memcpy(
            &surface[line * decoder->pitch], &picture.samples[row * picture.width], picture.width);
    }
    return success;
}
int cuvidMapVideoFrame64(
    Decoder *decoder, int index, Address *address, unsigned *pitch, const void *) {
    if (is_lost() || current_contexts == 0) {
        return launch_failed;
    }
    *address = reinterpret_cast<Address>(decoder->surfaces.at(index).data());
    *pitch = decoder->pitch;
    return success;
}
int cuvidUnmapVideoFrame64(Decoder *, Address) { return success; }

// FFmpeg looks for these too, and does not start without them; decoding calls none of them.
#define NEVER_CALLED(name) \
    int name() { return not_supported; }
NEVER_CALLED(cuDeviceGetName)
NEVER_CALLED(cuDeviceComputeCapability)
NEVER_CALLED(cuCtxGetCurrent)
NEVER_CALLED(cuCtxSetLimit)
NEVER_CALLED(cuMemAllocPitch_v2)
NEVER_CALLED(cuMemAllocManaged)
NEVER_CALLED(cuMemsetD8Async)
NEVER_CALLED(cuMemcpy)
NEVER_CALLED(cuMemcpyAsync)
NEVER_CALLED(cuMemcpyHtoD_v2)
NEVER_CALLED(cuMemcpyHtoDAsync_v2)
NEVER_CALLED(cuMemcpyDtoH_v2)
NEVER_CALLED(cuMemcpyDtoHAsync_v2)
NEVER_CALLED(cuMemcpyDtoD_v2)
NEVER_CALLED(cuMemcpyDtoDAsync_v2)
NEVER_CALLED(cuCtxGetDevice)
NEVER_CALLED(cuDevicePrimaryCtxRetain)
NEVER_CALLED(cuDevicePrimaryCtxRelease)
NEVER_CALLED(cuDevicePrimaryCtxSetFlags)
NEVER_CALLED(cuDevicePrimaryCtxGetState)
NEVER_CALLED(cuDevicePrimaryCtxReset)
NEVER_CALLED(cuStreamCreate)
NEVER_CALLED(cuStreamQuery)
NEVER_CALLED(cuStreamDestroy_v2)
NEVER_CALLED(cuStreamAddCallback)
NEVER_CALLED(cuStreamWaitEvent)
NEVER_CALLED(cuEventCreate)
NEVER_CALLED(cuEventDestroy_v2)
NEVER_CALLED(cuEventSynchronize)
NEVER_CALLED(cuEventQuery)
NEVER_CALLED(cuEventRecord)
NEVER_CALLED(cuLaunchKernel)
NEVER_CALLED(cuLinkCreate)
NEVER_CALLED(cuLinkAddData)
NEVER_CALLED(cuLinkComplete)
NEVER_CALLED(cuLinkDestroy)
NEVER_CALLED(cuModuleLoadData)
NEVER_CALLED(cuModuleUnload)
NEVER_CALLED(cuModuleGetFunction)
NEVER_CALLED(cuModuleGetGlobal)
NEVER_CALLED(cuTexObjectCreate)
NEVER_CALLED(cuTexObjectDestroy)
NEVER_CALLED(cuGLGetDevices_v2)
NEVER_CALLED(cuGraphicsGLRegisterImage)
NEVER_CALLED(cuGraphicsUnregisterResource)
NEVER_CALLED(cuGraphicsMapResources)
NEVER_CALLED(cuGraphicsUnmapResources)
NEVER_CALLED(cuGraphicsSubResourceGetMappedArray)
NEVER_CALLED(cuGraphicsResourceGetMappedPointer_v2)
NEVER_CALLED(cuArrayCreate_v2)
NEVER_CALLED(cuArray3DCreate_v2)
NEVER_CALLED(cuArrayDestroy)
NEVER_CALLED(cuvidGetDecodeStatus)
NEVER_CALLED(cuvidReconfigureDecoder)
NEVER_CALLED(cuvidCtxLockCreate)
NEVER_CALLED(cuvidCtxLockDestroy)
NEVER_CALLED(cuvidCtxLock)
NEVER_CALLED(cuvidCtxUnlock)
NEVER_CALLED(cuvidCreateVideoSource)
NEVER_CALLED(cuvidCreateVideoSourceW)
NEVER_CALLED(cuvidDestroyVideoSource)
NEVER_CALLED(cuvidSetVideoSourceState)
NEVER_CALLED(cuvidGetVideoSourceState)
NEVER_CALLED(cuvidGetSourceVideoFormat)
NEVER_CALLED(cuvidGetSourceAudioFormat)
NEVER_CALLED(cuvidCreateVideoParser)
NEVER_CALLED(cuvidParseVideoData)
NEVER_CALLED(cuvidDestroyVideoParser)
}
