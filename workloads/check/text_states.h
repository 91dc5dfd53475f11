// SPDX-License-Identifier: Apache-2.0
#pragma once

// Interned texts that grow by appending: one trie node per distinct prefix.
//
// A search over appends meets many texts that share long prefixes. As trie nodes they cost only
// their last piece, appending costs the length of the piece and not of the text, and two texts are
// equal exactly when their nodes are. "Is a prefix of" is a walk up the parents.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace geode::check {

class TextStates {
public:
    using Node = std::uint32_t;
    static constexpr Node empty_text = 0;
    static constexpr Node nodes_max = (1U << 31) - 1;  ///< nodes are smaller

    TextStates();

    /// The node of the text of `from` followed by `piece`.
    Node append(Node from, std::string_view piece);
    /// As append, but only if that text is known already.
    std::optional<Node> find(Node from, std::string_view piece) const;
    /// Whether the text of `prefix` begins the text of `whole` (or equals it).
    bool is_prefix(Node prefix, Node whole) const;
    std::string text(Node node) const;
    std::uint64_t memory_bytes() const;

private:
    struct Entry {
        Node parent;
        std::uint32_t length;
        char byte;
    };
    std::size_t slot_of(Node parent, char byte) const;
    Node child(Node parent, char byte);
    void grow();

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> slots_;  // open addressing on (parent, byte); 0 is free
};

}  // namespace geode::check
