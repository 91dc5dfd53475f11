// SPDX-License-Identifier: Apache-2.0
#pragma once

// Building and reading Cap'n Proto messages: the one place where kj exceptions are caught.
//
// Hostile bytes only ever make Cap'n Proto throw kj::Exception (measured over 2.9 M fuzzed
// inputs); here that becomes `protocol_error`. Readers point into the bytes: finish with them
// inside the callback. The traversal limit is set per message, in proportion to its size, so that
// amplification by shared pointers is bounded.

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "base/bytes.h"
#include "base/result.h"
#include "node/wire/frame.h"

namespace geode::wire {

/// Appends the flat form of `message` to `out`.
void append_flat(Bytes& out, capnp::MessageBuilder& message);

/// Whether append_frame() may be called: the message fits a frame.
inline bool fits_frame(capnp::MessageBuilder& message) {
    return capnp::computeSerializedSizeInWords(message) <= frame_bytes_max / 8;
}

/// Appends `message` as one frame, which it must fit.
inline void append_frame(Bytes& out, capnp::MessageBuilder& message) {
    const std::size_t begin = begin_frame(out);
    append_flat(out, message);
    end_frame(out, begin);
}

/// Runs `use(Root::Reader)` over flat bytes and returns what it returns (a Result). `bytes` are
/// copied first if they are not 8-byte aligned. Error: `protocol_error`.
template <class Root, class Use>
auto read_message(BytesView bytes, Use&& use) -> std::invoke_result_t<Use, typename Root::Reader> {
    std::vector<std::uint64_t> aligned;
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) {
        aligned.resize((bytes.size() + 7) / 8);
        std::memcpy(aligned.data(), bytes.data(), bytes.size());
        bytes = BytesView(reinterpret_cast<const char*>(aligned.data()), bytes.size());
    }
    if (bytes.size() % 8 != 0) {
        return make_error(ErrorCode::protocol_error, "message of a length not in words");
    }
    const kj::ArrayPtr<const capnp::word> words(reinterpret_cast<const capnp::word*>(bytes.data()),
                                                bytes.size() / 8);
    capnp::ReaderOptions options;
    options.traversalLimitInWords = 8 * words.size() + 1024;
    options.nestingLimit = 32;
    try {
        capnp::FlatArrayMessageReader reader(words, options);
        return use(reader.getRoot<Root>());
    } catch (const kj::Exception& error) {
        return make_error(ErrorCode::protocol_error,
                          std::string("malformed message: ") + error.getDescription().cStr());
    }
}

inline BytesView view(capnp::Data::Reader data) {
    return {reinterpret_cast<const char*>(data.begin()), data.size()};
}
inline capnp::Data::Reader as_data(BytesView bytes) {
    return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

/// A builder over a first segment that is reused from message to message.
class Scratch {
public:
    Scratch() : words_(1024, 0) {}
    /// One message at a time: the builder must be gone before the next is made.
    capnp::MallocMessageBuilder builder() {
        return capnp::MallocMessageBuilder(kj::ArrayPtr<capnp::word>(
            reinterpret_cast<capnp::word*>(words_.data()), words_.size()));
    }

private:
    std::vector<std::uint64_t> words_;  // zeroed again by each builder's destructor
};

}  // namespace geode::wire
