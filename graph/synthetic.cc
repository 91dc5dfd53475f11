// SPDX-License-Identifier: Apache-2.0
#include "graph/synthetic.h"

#include <array>
#include <set>
#include <string_view>
#include <utility>

namespace geode::graph {
namespace {

constexpr std::array<std::string_view, 16> given_names = {
    "Ada",  "Alan", "Barbara", "Chen", "Dijana", "Edsger", "Fatima", "Grace",
    "Hugo", "Ines", "Jun",     "Kofi", "Leslie", "Mina",   "Nils",   "Olga"};
constexpr std::array<std::string_view, 12> cities = {"Accra",     "Berlin",  "Cusco", "Delhi",
                                                     "Eindhoven", "Fukuoka", "Ghent", "Hanoi",
                                                     "Izmir",     "Jakarta", "Kyiv",  "Lagos"};
constexpr std::array<std::string_view, 6> languages = {"ar", "de", "en", "es", "hi", "zh"};

constexpr std::int64_t year_first = 2004;
constexpr std::int64_t year_last = 2026;
/// Draws for one distinct target before an edge is given up; small graphs run out of people.
constexpr std::uint32_t draws_max = 16;

template <std::size_t size>
std::string_view pick(Prng& prng, const std::array<std::string_view, size>& from) {
    return from[prng.below(size)];
}

Vertex make_person(Prng& prng, VertexId id) {
    List spoken;
    for (const std::string_view language : languages) {
        if (prng.chance(1, 3)) spoken.emplace_back(language);
    }
    Vertex person{id, {"Person"}, {}};
    person.properties.emplace(
        "name", std::string(pick(prng, given_names)) + " " + std::to_string(id.value()));
    person.properties.emplace("age", prng.between(std::int64_t{18}, std::int64_t{90}));
    person.properties.emplace("city", pick(prng, cities));
    // Hundredths divide the same way everywhere: IEEE division is correctly rounded.
    person.properties.emplace("score", static_cast<double>(prng.below(10'001)) / 100.0);
    person.properties.emplace("active", prng.chance(9, 10));
    person.properties.emplace("languages", std::move(spoken));
    return person;
}

class SocialGraphMaker {
public:
    SocialGraphMaker(const Prng& prng, const SyntheticOptions& options)
        : options_(options),
          people_(prng.split("people")),
          follows_(prng.split("follows")),
          knows_(prng.split("knows")) {}

    SyntheticGraph make() {
        graph_.vertices.reserve(options_.people);
        for (std::uint64_t person = 0; person < options_.people; ++person) {
            graph_.vertices.push_back(make_person(people_, id_of(person)));
            if (person > 0) {
                add_follows(person);
                add_knows(person);
            }
            endpoints_.push_back(person);  // The "plus one" of preferential attachment.
        }
        return std::move(graph_);
    }

private:
    VertexId id_of(std::uint64_t person) const {
        return VertexId(options_.first_id.value() + person);
    }

    void add_edge(std::uint64_t from, const char* type, std::uint64_t to, Properties properties) {
        graph_.edges.push_back({{id_of(from), type, id_of(to), 0}, std::move(properties)});
    }

    Properties since(Prng& prng) { return {{"since", prng.between(year_first, year_last)}}; }

    void add_follows(std::uint64_t person) {
        std::set<std::uint64_t> targets;
        for (std::uint64_t i = 0; i < options_.follows_per_person; ++i) {
            for (std::uint32_t draw = 0; draw < draws_max; ++draw) {
                const std::uint64_t target = endpoints_[follows_.below(endpoints_.size())];
                if (!targets.insert(target).second) continue;
                Properties properties = since(follows_);
                properties.emplace("weight", static_cast<double>(follows_.below(1'001)) / 1'000.0);
                add_edge(person, "follows", target, std::move(properties));
                break;
            }
        }
        // Only now: a newcomer does not draw towards the own edges.
        for (const std::uint64_t target : targets) {
            endpoints_.push_back(target);
            endpoints_.push_back(person);
        }
    }

    void add_knows(std::uint64_t person) {
        std::set<std::uint64_t> targets;
        for (std::uint64_t i = 0; i < options_.knows_per_person; ++i) {
            const std::uint64_t target = knows_.below(person);
            if (targets.insert(target).second) add_edge(person, "knows", target, since(knows_));
        }
    }

    SyntheticOptions options_;
    Prng people_;
    Prng follows_;
    Prng knows_;
    SyntheticGraph graph_;
    /// Each person once, and once more per follows edge they touch: a uniform draw from here is the
    /// preferential one.
    std::vector<std::uint64_t> endpoints_;
};

}  // namespace

SyntheticGraph make_social_graph(Prng prng, const SyntheticOptions& options) {
    GEODE_ASSERT(options.people <= UINT64_MAX - options.first_id.value());
    return SocialGraphMaker(prng, options).make();
}

}  // namespace geode::graph
