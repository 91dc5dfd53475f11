// SPDX-License-Identifier: Apache-2.0
#include "node/wire/message.h"

namespace geode::wire {

void append_flat(Bytes& out, capnp::MessageBuilder& message) {
    const auto segments = message.getSegmentsForOutput();
    // Segment table: count - 1, then each size in words, padded to a word.
    append_little(out, static_cast<std::uint32_t>(segments.size() - 1));
    for (const auto& segment : segments) {
        append_little(out, static_cast<std::uint32_t>(segment.size()));
    }
    if (segments.size() % 2 == 0) append_little(out, std::uint32_t{0});
    for (const auto& segment : segments) {
        const auto bytes = segment.asBytes();
        out.append(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
    }
}

}  // namespace geode::wire
