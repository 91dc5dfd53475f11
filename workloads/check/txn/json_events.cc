// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/json_events.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace geode::check::txn {
namespace {

using Json = nlohmann::json;

constexpr std::size_t depth_max = 64;

/// Walks over a text and tells outside how far the parser has come.
struct TrackedBytes {
    using difference_type = std::ptrdiff_t;
    using value_type = char;
    using pointer = const char*;
    using reference = const char&;
    using iterator_category = std::forward_iterator_tag;

    const char* at = nullptr;
    const char** reached = nullptr;

    reference operator*() const { return *at; }
    TrackedBytes& operator++() {
        *reached = ++at;
        return *this;
    }
    TrackedBytes operator++(int) {
        const TrackedBytes before = *this;
        ++*this;
        return before;
    }
    bool operator==(const TrackedBytes& other) const { return at == other.at; }
};

/// Builds the flat nodes of a form, and hands it on when the object is complete.
class FormBuilder final : public nlohmann::json_sax<Json> {
public:
    FormBuilder(EventReader& events, std::size_t event_depth)
        : events_(events), event_depth_(event_depth) {}

    bool null() override { return scalar(EdnNode{}); }
    bool boolean(bool value) override { return word(EdnKind::other, value ? "true" : "false"); }
    bool number_integer(number_integer_t value) override {
        return scalar(EdnNode{.kind = EdnKind::integer, .text = {}, .integer = value});
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<number_unsigned_t>(INT64_MAX)) {
            return refuse("expected integers of 64 bits");
        }
        return number_integer(static_cast<number_integer_t>(value));
    }
    bool number_float(number_float_t, const string_t& spelling) override {
        return word(EdnKind::other, spelling);
    }
    bool string(string_t& value) override { return word(EdnKind::text, value); }
    bool binary(binary_t&) override { return refuse("expected JSON text"); }
    bool key(string_t& name) override { return word(EdnKind::keyword, ":" + name); }
    bool start_object(std::size_t) override { return open(EdnKind::map); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(EdnKind::vector); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
        return refuse("expected JSON");
    }

    const std::string& message() const { return message_; }

private:
    bool refuse(std::string message) {
        if (message_.empty()) message_ = std::move(message);
        return false;
    }
    bool word(EdnKind kind, std::string text) {
        return scalar(EdnNode{.kind = kind, .text = form_.unescaped.emplace_back(std::move(text))});
    }
    bool scalar(EdnNode node) {
        if (depth_ < event_depth_ || form_.nodes.empty()) return refuse("expected an object");
        node.end = static_cast<std::uint32_t>(form_.nodes.size() + 1);
        form_.nodes.push_back(node);
        return true;
    }
    bool open(EdnKind kind) {
        if (++depth_ > depth_max) return refuse("expected at most 64 levels of nesting");
        if (depth_ <= event_depth_) {
            return kind == EdnKind::vector ? true : refuse("expected an array of objects");
        }
        if (form_.nodes.empty() && kind != EdnKind::map) return refuse("expected an object");
        open_.push_back(static_cast<std::uint32_t>(form_.nodes.size()));
        form_.nodes.push_back(EdnNode{.kind = kind, .text = {}});
        return true;
    }
    bool close() {
        if (--depth_ < event_depth_) return true;  // the array around all events
        form_.nodes[open_.back()].end = static_cast<std::uint32_t>(form_.nodes.size());
        open_.pop_back();
        if (!open_.empty()) return true;
        const auto taken = events_.take(form_);
        form_.nodes.clear();
        form_.unescaped.clear();
        return taken ? true : refuse(taken.error().message);
    }

    EventReader& events_;
    std::size_t event_depth_;  // arrays around an event
    EdnForm form_;
    std::vector<std::uint32_t> open_;
    std::size_t depth_ = 0;
    std::string message_;
};

/// Parses the JSON value in `part`, which lies in `text`.
Result<void> read_value(std::string_view text, std::string_view part, std::string_view name,
                        std::size_t event_depth, EventReader& events) {
    FormBuilder builder(events, event_depth);
    const char* reached = part.data();
    const TrackedBytes first{part.data(), &reached};
    const TrackedBytes last{part.data() + part.size(), &reached};
    if (Json::sax_parse(first, last, &builder)) return {};
    // The parser has looked one byte past the token that was refused.
    const char* const at = std::max(text.data(), std::min(reached, part.data() + part.size()) - 1);
    const auto line = 1 + std::count(text.data(), at, '\n');
    return make_error(ErrorCode::invalid_argument,
                      std::string(name) + ":" + std::to_string(line) + ": " + builder.message());
}

}  // namespace

Result<void> read_json_events(std::string_view text, std::string_view name, EventReader& events) {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) return {};
    if (text[begin] == '[') return read_value(text, text, name, 1, events);
    for (std::size_t at = begin; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        if (line.find_first_not_of(space) != std::string_view::npos) {
            GEODE_TRY_VOID(read_value(text, line, name, 0, events));
        }
        at = end + 1;
    }
    return {};
}

}  // namespace geode::check::txn
