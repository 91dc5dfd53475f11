// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/text_states.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash_map.h"

namespace geode::check {
namespace {

constexpr std::size_t slots_initial = 256;

}  // namespace

TextStates::TextStates() : entries_{Entry{0, 0, 0}}, slots_(slots_initial, 0) {}

TextStates::Node TextStates::append(Node from, std::string_view piece) {
    GEODE_ASSERT(from < entries_.size());
    Node node = from;
    for (const char byte : piece) node = child(node, byte);
    return node;
}

std::optional<TextStates::Node> TextStates::find(Node from, std::string_view piece) const {
    GEODE_ASSERT(from < entries_.size());
    Node node = from;
    for (const char byte : piece) {
        const std::uint32_t next = slots_[slot_of(node, byte)];
        if (next == 0) return std::nullopt;
        node = next;
    }
    return node;
}

bool TextStates::is_prefix(Node prefix, Node whole) const {
    GEODE_ASSERT(prefix < entries_.size());
    GEODE_ASSERT(whole < entries_.size());
    const std::uint32_t length = entries_[prefix].length;
    while (entries_[whole].length > length) whole = entries_[whole].parent;
    return whole == prefix;
}

std::string TextStates::text(Node node) const {
    GEODE_ASSERT(node < entries_.size());
    std::string reversed;
    for (; node != empty_text; node = entries_[node].parent) reversed += entries_[node].byte;
    std::reverse(reversed.begin(), reversed.end());
    return reversed;
}

std::uint64_t TextStates::memory_bytes() const {
    return entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(std::uint32_t);
}

std::size_t TextStates::slot_of(Node parent, char byte) const {
    const std::size_t mask = slots_.size() - 1;
    const auto key = (std::uint64_t{parent} << 8) | static_cast<unsigned char>(byte);
    std::size_t slot = mix_hash(key, 0) & mask;
    while (slots_[slot] != 0) {
        const Entry& entry = entries_[slots_[slot]];
        if (entry.parent == parent && entry.byte == byte) break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

TextStates::Node TextStates::child(Node parent, char byte) {
    const std::size_t slot = slot_of(parent, byte);
    if (slots_[slot] != 0) return slots_[slot];
    GEODE_ASSERT_MSG(entries_.size() < nodes_max, "too many distinct texts");
    const auto made = static_cast<Node>(entries_.size());
    entries_.push_back(Entry{parent, entries_[parent].length + 1, byte});
    slots_[slot] = made;
    if (entries_.size() * 2 > slots_.size()) grow();
    return made;
}

void TextStates::grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (Node node = 1; node < entries_.size(); ++node) {
        slots_[slot_of(entries_[node].parent, entries_[node].byte)] = node;
    }
}

}  // namespace geode::check
