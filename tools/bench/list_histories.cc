// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/list_histories.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/prng.h"

namespace geode::bench {
namespace {

using check::Completion;
using check::ValueId;
using check::txn::MopKind;
using check::txn::TxnHistory;
using check::txn::TxnHistoryBuilder;

using List = std::vector<std::int64_t>;

struct Step {
    std::int64_t key;
    std::int64_t element;  // 0: a read
    List seen;
};

struct Client {
    std::vector<Step> steps;  // empty: idle
    std::size_t done = 0;
    std::uint64_t snapshot = 0;
    bool started = false;
    std::map<std::int64_t, List> own;  // lists it has written, in private
};

/// The committed lists of every key, as far back as some running transaction may look.
class Store {
public:
    const List& at(std::int64_t key, std::uint64_t moment) const {
        static constexpr auto before = [](std::uint64_t time, const Version& version) {
            return time < version.committed;
        };
        const auto found = versions_.find(key);
        if (found == versions_.end()) return empty_;
        const auto next =
            std::upper_bound(found->second.begin(), found->second.end(), moment, before);
        return next == found->second.begin() ? empty_ : std::prev(next)->list;
    }
    std::uint64_t last_commit(std::int64_t key) const {
        const auto found = versions_.find(key);
        return found == versions_.end() ? 0 : found->second.back().committed;
    }
    void put(std::int64_t key, List list, std::uint64_t moment, std::uint64_t oldest) {
        std::vector<Version>& versions = versions_[key];
        versions.push_back(Version{moment, std::move(list)});
        std::size_t needless = 0;
        while (needless + 1 < versions.size() && versions[needless + 1].committed <= oldest) {
            ++needless;
        }
        versions.erase(versions.begin(), versions.begin() + static_cast<std::ptrdiff_t>(needless));
    }
    /// Keys below are never looked at again.
    void forget_below(std::int64_t key) {
        versions_.erase(versions_.begin(), versions_.lower_bound(key));
    }

private:
    struct Version {
        std::uint64_t committed;
        List list;
    };
    std::map<std::int64_t, std::vector<Version>> versions_;
    List empty_;
};

class Generator {
public:
    explicit Generator(const ListHistoryOptions& options)
        : options_(options), random_(options.seed), clients_(options.clients) {
        for (std::uint32_t key = 0; key < options.keys_active; ++key) open_key();
    }

    TxnHistory run();

private:
    void open_key() {
        active_.push_back(next_key_++);
        next_element_.push_back(1);
    }
    void begin(std::uint32_t client);
    void step(std::uint32_t client);
    void run_step(Client& client, Step& step, std::uint64_t moment);
    bool commit(Client& client);
    void end(std::uint32_t client, bool committed);
    void record(const Client& client, bool asked);
    std::uint64_t oldest_snapshot() const;

    const ListHistoryOptions& options_;
    Prng random_;
    TxnHistoryBuilder builder_;
    Store store_;
    std::vector<Client> clients_;
    std::vector<std::int64_t> active_;
    std::vector<std::int64_t> next_element_;  // per active key
    std::int64_t next_key_ = 0;
    std::uint64_t now_ = 1;
    std::uint32_t begun_ = 0;
    std::uint32_t ended_ = 0;
};

TxnHistory Generator::run() {
    while (ended_ < options_.transactions) {
        const auto client = static_cast<std::uint32_t>(random_.below(clients_.size()));
        if (!clients_[client].steps.empty()) {
            step(client);
        } else if (begun_ < options_.transactions) {
            begin(client);
        }
    }
    return std::move(builder_).finish();
}

void Generator::begin(std::uint32_t client) {
    ++begun_;
    Client& fresh = clients_[client] = Client{};
    const std::uint64_t count = 1 + random_.below(options_.mops_max);
    for (std::uint64_t index = 0; index < count; ++index) {
        const std::size_t slot = random_.below(active_.size());
        Step next{.key = active_[slot], .element = 0, .seen = {}};
        if (random_.chance(1, 2)) {
            next.element = next_element_[slot]++;
            if (next.element >= options_.appends_per_key_max) {
                active_[slot] = next_key_++;
                next_element_[slot] = 1;
            }
        }
        fresh.steps.push_back(std::move(next));
    }
    record(fresh, true);
    const auto begun = builder_.begin(client, static_cast<std::int64_t>(now_));
    GEODE_ASSERT(begun);
}

void Generator::step(std::uint32_t index) {
    Client& client = clients_[index];
    ++now_;
    if (!client.started) {
        client.started = true;
        client.snapshot = now_;
    }
    if (options_.strength == Strength::none) {
        run_step(client, client.steps[client.done], now_);
        if (++client.done == client.steps.size()) end(index, true);
        return;
    }
    // The others take their time, and then everything happens at once.
    if (++client.done < client.steps.size()) return;
    if (options_.strength == Strength::serial) client.snapshot = now_;
    for (Step& next : client.steps) run_step(client, next, client.snapshot);
    end(index, commit(client));
}

void Generator::run_step(Client& client, Step& step, std::uint64_t moment) {
    const auto own = client.own.find(step.key);
    const List& list = own != client.own.end() ? own->second : store_.at(step.key, moment);
    if (step.element == 0) {
        step.seen = list;
        return;
    }
    List longer = list;
    longer.push_back(step.element);
    if (options_.strength == Strength::none) {
        store_.put(step.key, std::move(longer), now_, now_);
    } else {
        client.own[step.key] = std::move(longer);
    }
}

bool Generator::commit(Client& client) {
    for (const auto& [key, list] : client.own) {
        const bool overlaps = store_.last_commit(key) > client.snapshot;
        if (overlaps && options_.strength == Strength::snapshot) return false;
    }
    for (auto& [key, list] : client.own) store_.put(key, list, now_, oldest_snapshot());
    return true;
}

std::uint64_t Generator::oldest_snapshot() const {
    std::uint64_t oldest = now_;
    for (const Client& client : clients_) {
        if (!client.steps.empty() && client.started) oldest = std::min(oldest, client.snapshot);
    }
    return oldest;
}

void Generator::end(std::uint32_t index, bool committed) {
    Client& client = clients_[index];
    record(client, false);
    Completion completion = committed ? Completion::ok : Completion::fail;
    const bool forgets = options_.unknown_one_in != 0 && random_.chance(1, options_.unknown_one_in);
    if (forgets) completion = Completion::unknown;
    const auto ended = builder_.end(index, completion, ended_, static_cast<std::int64_t>(now_));
    GEODE_ASSERT(ended);
    ++ended_;
    client.steps.clear();
    if (ended_ % 1024 != 0) return;
    std::int64_t lowest = *std::ranges::min_element(active_);
    for (const Client& other : clients_) {
        for (const Step& step : other.steps) lowest = std::min(lowest, step.key);
    }
    store_.forget_below(lowest);
}

void Generator::record(const Client& client, bool asked) {
    std::vector<ValueId> elements;
    for (const Step& step : client.steps) {
        const ValueId key = builder_.values().integer(step.key);
        if (step.element != 0) {
            builder_.append(key, builder_.values().integer(step.element));
        } else if (asked) {
            builder_.read_unknown(key, MopKind::read_list);
        } else {
            elements.clear();
            for (const std::int64_t element : step.seen) {
                elements.push_back(builder_.values().integer(element));
            }
            builder_.read_list(key, elements);
        }
    }
}

}  // namespace

std::string_view to_string(Strength strength) noexcept {
    switch (strength) {
        case Strength::serial: return "serial";
        case Strength::snapshot: return "snapshot";
        case Strength::prefix: return "prefix";
        case Strength::none: return "none";
    }
    GEODE_UNREACHABLE("Strength out of range");
}

check::txn::TxnHistory make_list_history(const ListHistoryOptions& options) {
    GEODE_ASSERT(options.clients > 0 && options.keys_active > 0 && options.mops_max > 0);
    return Generator(options).run();
}

}  // namespace geode::bench
