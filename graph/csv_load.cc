// SPDX-License-Identifier: Apache-2.0
#include "graph/csv_load.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "graph/csv.h"
#include "graph/limits.h"
#include "graph/record.h"

namespace geode::graph {
namespace {

constexpr std::string_view id_column = "~id";
constexpr std::string_view label_column = "~label";
constexpr std::string_view from_column = "~from";
constexpr std::string_view to_column = "~to";

enum class CellKind : std::uint8_t { string, whole, real, truth };

struct Column {
    std::string name;  ///< starts with '~' for the four that are not properties
    CellKind kind = CellKind::string;
    bool is_list = false;
};

struct TypeName {
    std::string_view name;
    CellKind kind;
};
constexpr std::array<TypeName, 12> type_names = {
    TypeName{"string", CellKind::string},   TypeName{"date", CellKind::string},
    TypeName{"datetime", CellKind::string}, TypeName{"byte", CellKind::whole},
    TypeName{"short", CellKind::whole},     TypeName{"int", CellKind::whole},
    TypeName{"integer", CellKind::whole},   TypeName{"long", CellKind::whole},
    TypeName{"float", CellKind::real},      TypeName{"double", CellKind::real},
    TypeName{"bool", CellKind::truth},      TypeName{"boolean", CellKind::truth}};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& byte : out) {
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    }
    return out;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t shown_max = 60;
    if (text.size() <= shown_max) return to_text(Value(text));
    return to_text(Value(text.substr(0, shown_max))) + "...";
}

template <class Number>
std::optional<Number> whole_text(std::string_view text) {
    Number number{};
    const std::from_chars_result result =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

/// A plain decimal number: no sign, no leading zeros, so that different texts are different ids.
std::optional<std::uint64_t> plain_number(std::string_view text) {
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return whole_text<std::uint64_t>(text);
}

std::optional<Value> convert(CellKind kind, std::string_view text) {
    switch (kind) {
        case CellKind::string: return Value(text);
        case CellKind::whole:
            if (const auto number = whole_text<std::int64_t>(text)) return Value(*number);
            return std::nullopt;
        case CellKind::real:
            if (const auto number = whole_text<double>(text)) return Value(*number);
            return std::nullopt;
        case CellKind::truth: {
            const std::string word = lower(text);
            if (word == "true") return Value(true);
            if (word == "false") return Value(false);
            return std::nullopt;
        }
    }
    GEODE_UNREACHABLE("a cell of no known kind");
}

const char* expected_text(CellKind kind) {
    switch (kind) {
        case CellKind::string: return "text";
        case CellKind::whole: return "a whole number of 64 bits";
        case CellKind::real: return "a number";
        case CellKind::truth: return "true or false";
    }
    return "?";
}

/// Cuts at ';', which a backslash protects.
std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ';') {
            parts.back().push_back(';');
            ++i;
        } else if (text[i] == ';') {
            parts.emplace_back();
        } else {
            parts.back().push_back(text[i]);
        }
    }
    return parts;
}

/// Rows of one text under its header: what vertices and edges have in common.
class Table {
public:
    Table(std::string_view text, const std::string& name) : reader_(text, name) {}

    Result<void> read_header(std::initializer_list<std::string_view> required);
    /// False at the end; otherwise the cells of the next row are there.
    Result<bool> next();

    const CsvField* cell(std::string_view column) const;
    /// The cell of a column that must not be empty.
    Result<std::string> required_cell(std::string_view column) const;
    Result<Properties> properties() const;
    Error error(const std::string& message) const {
        return reader_.error_at(reader_.row_line(), message);
    }

private:
    Result<Column> parse_column(const CsvField& field) const;
    Result<Value> parse_cell(const Column& column, const CsvField& field) const;

    CsvReader reader_;
    std::vector<Column> columns_;
    std::vector<CsvField> row_;
};

Result<Column> Table::parse_column(const CsvField& field) const {
    const std::string_view text = field.text;
    if (text == id_column || text == label_column || text == from_column || text == to_column) {
        return Column{std::string(text), CellKind::string, false};
    }
    if (text.starts_with('~')) return error("unknown column " + quoted(text));
    const std::size_t colon = text.rfind(':');
    Column column{std::string(text.substr(0, colon)), CellKind::string, false};
    if (column.name.empty()) return error("a column without a name");
    if (colon == std::string_view::npos) return column;
    std::string type = lower(text.substr(colon + 1));
    column.is_list = type.ends_with("[]");
    if (column.is_list) type.resize(type.size() - 2);
    const auto* const found =
        std::find_if(type_names.begin(), type_names.end(),
                     [&](const TypeName& candidate) { return candidate.name == type; });
    if (found == type_names.end()) {
        return error("unknown type of column " + quoted(text) +
                     "; known are string, int, long, float, double, bool, date, and these with []");
    }
    column.kind = found->kind;
    return column;
}

Result<void> Table::read_header(std::initializer_list<std::string_view> required) {
    GEODE_TRY(const bool found, reader_.next(row_));
    if (!found) return reader_.error_at(1, "expected a header line");
    for (const CsvField& field : row_) {
        GEODE_TRY(Column column, parse_column(field));
        for (const Column& other : columns_) {
            if (other.name == column.name) return error("two columns " + quoted(column.name));
        }
        columns_.push_back(std::move(column));
    }
    for (const std::string_view name : required) {
        if (cell(name) == nullptr) return error("expected a column " + std::string(name));
    }
    return {};
}

Result<bool> Table::next() {
    GEODE_TRY(const bool found, reader_.next(row_));
    if (found && row_.size() != columns_.size()) {
        return error("expected " + std::to_string(columns_.size()) + " fields, found " +
                     std::to_string(row_.size()));
    }
    return found;
}

const CsvField* Table::cell(std::string_view column) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].name == column) return &row_[i];
    }
    return nullptr;
}

Result<std::string> Table::required_cell(std::string_view column) const {
    const CsvField* const field = cell(column);
    GEODE_ASSERT_MSG(field != nullptr, "read_header asked for this column");
    if (!field->text.empty()) return field->text;
    return reader_.error_at(field->line, "expected a value in column " + std::string(column));
}

Result<Value> Table::parse_cell(const Column& column, const CsvField& field) const {
    std::optional<Value> value;
    if (column.is_list) {
        List list;
        bool good = true;
        for (const std::string& part : split_list(field.text)) {
            std::optional<Value> element = convert(column.kind, part);
            good = good && element.has_value();
            if (good) list.push_back(std::move(*element));
        }
        if (good) value = Value(std::move(list));
    } else {
        value = convert(column.kind, field.text);
    }
    if (value) return *std::move(value);
    return reader_.error_at(
        field.line, std::string("expected ") + expected_text(column.kind) +
                        (column.is_list ? ", or several separated by ';'," : "") + " in column " +
                        column.name + ", found " + quoted(field.text));
}

Result<Properties> Table::properties() const {
    Properties properties;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].name.starts_with('~')) continue;
        if (row_[i].text.empty() && !row_[i].was_quoted) continue;
        GEODE_TRY(Value value, parse_cell(columns_[i], row_[i]));
        properties.emplace(columns_[i].name, std::move(value));
    }
    return properties;
}

/// Turns texts into numbers if all are plain decimals; else numbers them from 1, in their order.
struct Numbering {
    explicit Numbering(const std::vector<std::string>& texts) {
        for (const std::string& text : texts) {
            const std::optional<std::uint64_t> number = plain_number(text);
            if (!number) {
                plain = false;
                break;
            }
            numbers.push_back(*number);
        }
        if (plain) return;
        numbers.clear();
        for (std::uint64_t i = 1; i <= texts.size(); ++i) numbers.push_back(i);
    }
    bool plain = true;
    std::vector<std::uint64_t> numbers;
};

}  // namespace

Result<CsvVertices> parse_vertices(std::string_view text, const std::string& name) {
    Table table(text, name);
    GEODE_TRY_VOID(table.read_header({id_column}));
    CsvVertices parsed;
    std::vector<std::string> ids;
    while (true) {
        GEODE_TRY(const bool found, table.next());
        if (!found) break;
        GEODE_TRY(std::string id, table.required_cell(id_column));
        if (!parsed.names.try_emplace(id, VertexId()).second) {
            return table.error("vertex " + quoted(id) + " was there before");
        }
        Vertex vertex;
        const CsvField* const labels = table.cell(label_column);
        if (labels != nullptr && !labels->text.empty()) {
            for (std::string& label : split_list(labels->text)) {
                vertex.labels.insert(std::move(label));
            }
        }
        GEODE_TRY(vertex.properties, table.properties());
        if (const std::optional<std::string> complaint = find_invalid(vertex)) {
            return table.error("vertex " + quoted(id) + ": " + *complaint);
        }
        ids.push_back(std::move(id));
        parsed.vertices.push_back(std::move(vertex));
    }
    const Numbering numbering(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        Vertex& vertex = parsed.vertices[i];
        vertex.id = VertexId(numbering.numbers[i]);
        parsed.names[ids[i]] = vertex.id;
        if (!numbering.plain) vertex.properties.emplace(id_column, std::move(ids[i]));
    }
    return parsed;
}

Result<std::vector<Edge>> parse_edges(std::string_view text, const std::string& name,
                                      const VertexNames& names) {
    Table table(text, name);
    GEODE_TRY_VOID(table.read_header({from_column, to_column, label_column}));
    const bool has_ids = table.cell(id_column) != nullptr;
    std::vector<Edge> edges;
    std::vector<std::string> ids;
    HashSet<std::string> known_ids(0);
    while (true) {
        GEODE_TRY(const bool found, table.next());
        if (!found) break;
        Edge edge;
        GEODE_TRY(edge.key.type, table.required_cell(label_column));
        for (const std::string_view column : {from_column, to_column}) {
            GEODE_TRY(const std::string end, table.required_cell(column));
            const auto vertex = names.find(end);
            if (vertex == names.end()) {
                return table.error(std::string(column) + " is no known vertex: " + quoted(end));
            }
            (column == from_column ? edge.key.from : edge.key.to) = vertex->second;
        }
        GEODE_TRY(edge.properties, table.properties());
        if (const std::optional<std::string> complaint = find_invalid(Command(PutEdge{edge}))) {
            return table.error(*complaint);
        }
        if (has_ids) {
            GEODE_TRY(std::string id, table.required_cell(id_column));
            if (!known_ids.insert(id).second) {
                return table.error("edge " + quoted(id) + " was there before");
            }
            ids.push_back(std::move(id));
        }
        edges.push_back(std::move(edge));
    }
    const Numbering numbering(ids);
    for (std::size_t i = 0; i < edges.size(); ++i) {
        edges[i].key.rank = has_ids ? numbering.numbers[i] : i + 1;
        if (!numbering.plain) edges[i].properties.emplace(id_column, std::move(ids[i]));
    }
    return edges;
}

std::vector<Batch> to_batches(std::vector<Vertex> vertices, std::vector<Edge> edges,
                              std::uint64_t commands_per_batch) {
    GEODE_ASSERT(commands_per_batch >= 1);
    GEODE_ASSERT(commands_per_batch <= batch_commands_max);
    std::vector<Batch> batches;
    std::uint64_t bytes = 0;
    const auto add = [&](std::uint64_t command_bytes, SingleCommand command) {
        if (batches.empty() || batches.back().commands.size() == commands_per_batch ||
            bytes + command_bytes > load_batch_bytes_max) {
            batches.emplace_back();
            bytes = 0;
        }
        bytes += command_bytes;
        batches.back().commands.push_back(std::move(command));
    };
    for (Vertex& vertex : vertices) {
        const std::uint64_t size = encoded_bytes(vertex);
        add(size, PutVertex{std::move(vertex)});
    }
    for (Edge& edge : edges) {
        const std::uint64_t size = encoded_bytes(edge);
        add(size, PutEdge{std::move(edge)});
    }
    return batches;
}

}  // namespace geode::graph
