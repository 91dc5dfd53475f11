// SPDX-License-Identifier: Apache-2.0
#include "cli/gzip.h"

#include <zlib.h>

#include <algorithm>

namespace geode::cli {
namespace {

constexpr int gzip_window = 16 + MAX_WBITS;  // zlib.h: a gzip header, no other
constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

/// Ends the stream on every way out.
struct Inflater {
    z_stream stream{};
    Inflater() { GEODE_ASSERT(inflateInit2(&stream, gzip_window) == Z_OK); }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
};

Error damaged(const std::string& name, const std::string& what) {
    return make_error(ErrorCode::invalid_argument,
                      name + ": expected gzip data, but it is " + what);
}

}  // namespace

bool is_gzip(std::string_view bytes) {
    return bytes.starts_with("\x1f\x8b");
}

Result<std::string> gunzip(const std::string& packed, const std::string& name,
                           std::uint64_t bytes_max) {
    Inflater inflater;
    z_stream& stream = inflater.stream;
    std::string out;
    std::size_t taken = 0;
    while (true) {
        const std::size_t given = std::min(packed.size() - taken, chunk_bytes);
        std::string input = packed.substr(taken, given);  // zlib's pointer is not const
        stream.next_in = reinterpret_cast<Bytef*>(input.data());
        stream.avail_in = static_cast<uInt>(given);
        const std::size_t begin = out.size();
        out.resize(begin + 4 * chunk_bytes);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + begin);
        stream.avail_out = static_cast<uInt>(4 * chunk_bytes);
        const int status = inflate(&stream, Z_NO_FLUSH);
        taken += given - stream.avail_in;
        out.resize(out.size() - stream.avail_out);
        if (out.size() > bytes_max) {
            return make_error(ErrorCode::too_large, name + ": unpacks to more than " +
                                                        std::to_string(bytes_max) + " bytes");
        }
        if (status == Z_STREAM_END) {
            if (taken == packed.size()) return out;
            if (inflateReset(&stream) != Z_OK) return damaged(name, "damaged");
        } else if (status == Z_BUF_ERROR ||
                   (status == Z_OK && taken == packed.size() && stream.avail_out > 0)) {
            return damaged(name, "cut short");
        } else if (status != Z_OK) {
            return damaged(name, stream.msg != nullptr ? stream.msg : "damaged");
        }
    }
}

std::string gzip(const std::string& plain) {
    z_stream stream{};
    GEODE_ASSERT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8,
                              Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out;
    std::size_t taken = 0;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        std::string input = plain.substr(taken, chunk_bytes);  // zlib's pointer is not const
        taken += input.size();
        stream.next_in = reinterpret_cast<Bytef*>(input.data());
        stream.avail_in = static_cast<uInt>(input.size());
        do {
            const std::size_t begin = out.size();
            out.resize(begin + chunk_bytes);
            stream.next_out = reinterpret_cast<Bytef*>(out.data() + begin);
            stream.avail_out = static_cast<uInt>(chunk_bytes);
            status = deflate(&stream, taken == plain.size() ? Z_FINISH : Z_NO_FLUSH);
            GEODE_ASSERT(status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END);
            out.resize(out.size() - stream.avail_out);
        } while (stream.avail_out == 0);
    }
    deflateEnd(&stream);
    return out;
}

}  // namespace geode::cli
