// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/values.h"

#include <algorithm>

#include "base/hash_map.h"

namespace geode::check {
namespace {

constexpr std::uint32_t described_bytes_max = 60;
constexpr std::size_t described_elements_max = 12;
constexpr std::size_t slots_initial = 64;

std::uint64_t hash_of(const Literal& literal) {
    if (literal.kind == ValueKind::text) return mix_hash(hash_bytes(literal.text), 1);
    if (literal.kind == ValueKind::list) {
        std::uint64_t hash = mix_hash(literal.elements.size(), 2);
        for (const ValueId element : literal.elements) hash = mix_hash(element.value(), hash);
        return hash;
    }
    return mix_hash(static_cast<std::uint64_t>(literal.integer),
                    static_cast<std::uint64_t>(literal.kind));
}

bool equal(const Literal& a, const Literal& b) {
    return a.kind == b.kind && a.integer == b.integer && a.text == b.text &&
           std::ranges::equal(a.elements, b.elements);
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

ValueId ValueTable::list(std::span<const ValueId> elements) {
    return intern(Literal{.kind = ValueKind::list, .elements = elements});
}

ValueId ValueTable::intern(const Literal& literal) {
    const std::size_t slot = slot_of(literal);
    if (slots_[slot] != 0) return ValueId(slots_[slot] - 1);
    GEODE_ASSERT_MSG(entries_.size() < UINT32_MAX / 2, "too many distinct values");
    GEODE_ASSERT_MSG(literal.text.size() < UINT32_MAX, "a value of 4 GiB");
    GEODE_ASSERT_MSG(literal.elements.size() < UINT32_MAX, "a list of 4 billion values");
    Entry made{.kind = literal.kind, .size = 0, .payload = literal.integer};
    if (literal.kind == ValueKind::list) {
        made.size = static_cast<std::uint32_t>(literal.elements.size());
        made.payload = static_cast<std::int64_t>(elements_.size());
        elements_.insert(elements_.end(), literal.elements.begin(), literal.elements.end());
    }
    if (literal.kind == ValueKind::text) {
        made.size = static_cast<std::uint32_t>(literal.text.size());
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
    return std::string_view(texts_).substr(static_cast<std::size_t>(found.payload), found.size);
}

std::span<const ValueId> ValueTable::list_of(ValueId id) const {
    GEODE_ASSERT(kind(id) == ValueKind::list);
    const Entry& found = entry(id);
    return std::span(elements_).subspan(static_cast<std::size_t>(found.payload), found.size);
}

std::string ValueTable::describe(ValueId id) const {
    switch (kind(id)) {
        case ValueKind::nil: return "nil";
        case ValueKind::integer: return std::to_string(integer_of(id));
        case ValueKind::list: return describe_elements(list_of(id));
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

std::string ValueTable::describe_elements(std::span<const ValueId> elements) const {
    const std::size_t half = described_elements_max / 2;
    std::string out = "[";
    for (std::size_t index = 0; index < elements.size(); ++index) {
        if (elements.size() > described_elements_max && index == half) {
            out.append(" ...");
            index = elements.size() - half;
        }
        if (index != 0) out.append(" ");
        out.append(describe(elements[index]));
    }
    return out.append("]");
}

bool ValueTable::less(ValueId a, ValueId b) const {
    if (kind(a) != kind(b)) return kind(a) < kind(b);
    switch (kind(a)) {
        case ValueKind::nil: return false;
        case ValueKind::integer: return integer_of(a) < integer_of(b);
        case ValueKind::text: return text_of(a) < text_of(b);
        case ValueKind::list: break;
    }
    const auto compare = [this](ValueId x, ValueId y) { return less(x, y); };
    return std::ranges::lexicographical_compare(list_of(a), list_of(b), compare);
}

Literal ValueTable::literal_of(std::uint32_t index) const {
    const Entry& found = entries_[index];
    if (found.kind == ValueKind::text) {
        return Literal{.kind = ValueKind::text, .text = text_of(ValueId(index))};
    }
    if (found.kind == ValueKind::list) {
        return Literal{.kind = ValueKind::list, .elements = list_of(ValueId(index))};
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
