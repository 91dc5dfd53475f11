// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/values.h"

#include "base/hash_map.h"

namespace geode::check {
namespace {

constexpr std::uint32_t described_bytes_max = 60;
constexpr std::size_t slots_initial = 64;

std::uint64_t hash_of(const Literal& literal) {
    if (literal.kind == ValueKind::text) return mix_hash(hash_bytes(literal.text), 1);
    return mix_hash(static_cast<std::uint64_t>(literal.integer),
                    static_cast<std::uint64_t>(literal.kind));
}

bool equal(const Literal& a, const Literal& b) {
    return a.kind == b.kind && a.integer == b.integer && a.text == b.text;
}

}  // namespace

ValueTable::ValueTable() : slots_(slots_initial, 0) {
    const ValueId nil = intern(Literal{});
    GEODE_ASSERT(nil == nil_value);
}

ValueId ValueTable::integer(std::int64_t value) {
    return intern(Literal{.kind = ValueKind::integer, .integer = value});
}

ValueId ValueTable::text(std::string_view value) {
    return intern(Literal{.kind = ValueKind::text, .text = value});
}

ValueId ValueTable::intern(const Literal& literal) {
    const std::size_t slot = slot_of(literal);
    if (slots_[slot] != 0) return ValueId(slots_[slot] - 1);
    GEODE_ASSERT_MSG(entries_.size() < UINT32_MAX / 2, "too many distinct values");
    GEODE_ASSERT_MSG(literal.text.size() < UINT32_MAX, "a value of 4 GiB");
    Entry made{.kind = literal.kind, .text_bytes = 0, .payload = literal.integer};
    if (literal.kind == ValueKind::text) {
        made.text_bytes = static_cast<std::uint32_t>(literal.text.size());
        made.payload = static_cast<std::int64_t>(texts_.size());
        texts_.append(literal.text);
    }
    entries_.push_back(made);
    slots_[slot] = count();
    const ValueId id(count() - 1);
    if (entries_.size() * 2 > slots_.size()) grow();
    return id;
}

std::optional<ValueId> ValueTable::find(const Literal& literal) const {
    const std::uint32_t found = slots_[slot_of(literal)];
    if (found == 0) return std::nullopt;
    return ValueId(found - 1);
}

std::int64_t ValueTable::integer_of(ValueId id) const {
    GEODE_ASSERT(kind(id) == ValueKind::integer);
    return entry(id).payload;
}

std::string_view ValueTable::text_of(ValueId id) const {
    GEODE_ASSERT(kind(id) == ValueKind::text);
    const Entry& found = entry(id);
    return std::string_view(texts_).substr(static_cast<std::size_t>(found.payload),
                                           found.text_bytes);
}

std::string ValueTable::describe(ValueId id) const {
    switch (kind(id)) {
        case ValueKind::nil: return "nil";
        case ValueKind::integer: return std::to_string(integer_of(id));
        case ValueKind::text: break;
    }
    const std::string_view text = text_of(id);
    std::string out = "\"";
    if (text.size() <= described_bytes_max) {
        out.append(text);
    } else {
        constexpr std::size_t half = described_bytes_max / 2;
        out.append(text.substr(0, half)).append("...").append(text.substr(text.size() - half));
    }
    return out.append("\"");
}

Literal ValueTable::literal_of(std::uint32_t index) const {
    const Entry& found = entries_[index];
    if (found.kind == ValueKind::text) {
        return Literal{.kind = ValueKind::text, .text = text_of(ValueId(index))};
    }
    return Literal{.kind = found.kind, .integer = found.payload};
}

std::size_t ValueTable::slot_of(const Literal& literal) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash_of(literal) & mask;
    while (slots_[slot] != 0 && !equal(literal_of(slots_[slot] - 1), literal)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void ValueTable::grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::uint32_t index = 0; index < count(); ++index) {
        slots_[slot_of(literal_of(index))] = index + 1;
    }
}

}  // namespace geode::check
