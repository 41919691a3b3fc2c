#include "store/verify.hpp"

#include "store/rows.hpp"

#include <algorithm>
#include <iterator>

namespace holdfast::store {
namespace {

constexpr std::int64_t k_bite_max = 5'000;

// The row is found by its place in its call, too: a damaged index hides rows without a trace.
const std::string& probe_sql(const Table& table) {
    static const auto statements = [] {
        std::vector<std::string> all;
        for (const Table* each : k_tables) {
            all.push_back(each->is_call() ? std::string("SELECT seq FROM call INDEXED BY sqlite_autoindex_call_1 WHERE call_sid = "
                                                        "(SELECT call_sid FROM call NOT INDEXED WHERE seq = ?1)")
                                          : std::string("SELECT o.seq FROM ") + each->name + " AS r JOIN " + each->name + " AS o INDEXED BY " +
                                                each->name + "_call ON o.call = r.call AND o.call_seq = r.call_seq AND o.salvaged_from IS "
                                                "r.salvaged_from WHERE r.seq = ?1 AND o.seq = ?1");
        }
        return all;
    }();
    return statements[static_cast<std::size_t>(part_of(table) - 1)];
}

class Verifier {
  public:
    Verifier(Database& db, ChainBite& bite, const Vault* vault) : db_(db), bite_(bite), vault_(vault) {
        generation_ = db.word("SELECT generation FROM schema");
    }

    std::string head_at(std::int64_t n) {
        Query q(db_, "SELECT head FROM chain WHERE n = ?", n);
        return q.step() ? q.word(0) : std::string();
    }

    void links(std::int64_t after, std::int64_t limit) {
        std::vector<std::pair<Link, std::string>> links;
        for (Query q(db_, "SELECT n, part, row, call, hash, head FROM chain WHERE n > ? ORDER BY n LIMIT ?", after, limit); q.step();) {
            links.emplace_back(Link{q.number(0), q.number(1), q.number(2), q.number(3), q.word(4)}, q.word(5));
        }
        bite_.next = after;
        std::string before = head_at(after);
        for (const auto& [link, head] : links) {
            step(link, head, before);
            before = head;
            bite_.next = link.n;
            ++bite_.links;
        }
        if (static_cast<std::int64_t>(links.size()) < limit) begin_part(1);
    }

    // Rows without a link were put there by somebody else.
    void rows(std::int64_t part, std::int64_t after, std::int64_t limit) {
        const Table* table = table_of(part);
        if (table == nullptr) return begin_part(part);
        bite_.next_part = part;
        bite_.next = after;
        std::int64_t looked_at = 0;
        {
            Query q(db_,
                    std::string("SELECT seq, EXISTS (SELECT 1 FROM chain WHERE part = ?1 AND row = seq) FROM ") + table->name +
                        " WHERE seq > ?2 ORDER BY seq LIMIT ?3",
                    part, after, limit);
            for (; q.step(); ++looked_at) {
                bite_.next = q.number(0);
                if (q.number(1) == 0) found(0, "unrecorded", part, q.number(0), "the chain knows nothing of it");
            }
        }
        if (looked_at < limit) begin_part(part + 1);
    }

  private:
    void begin_part(std::int64_t part) {
        bite_.done = table_of(part) == nullptr;
        bite_.next_part = part;
        bite_.next = 0;
    }

    void found(std::int64_t n, const char* what, std::int64_t part, std::int64_t row, std::string detail) {
        const Table* table = table_of(part);
        bite_.findings.push_back({n, what, table == nullptr ? "" : table->name, part, row, std::move(detail)});
    }

    void enter_segment(const Link& link) {
        if (segment_ && link.n < segment_end_) return;
        {
            Query q(db_, "SELECT first, generation, before, sealed_key FROM chain_segment WHERE first <= ? ORDER BY first DESC LIMIT 1", link.n);
            if (!q.step()) return;
            segment_ = ChainSegment{q.number(0), q.word(1), q.word(2), q.word(3)};
        }
        Query next(db_, "SELECT min(first) FROM chain_segment WHERE first > ?", link.n);
        segment_end_ = next.step() ? next.number_or_null(0).value_or(INT64_MAX) : INT64_MAX;
        key_.reset();
        if (segment_->sealed_key.empty()) key_ = std::string();
        if (!segment_->sealed_key.empty() && vault_ != nullptr) {
            const auto key = vault_->open_key(chain_key_name(segment_->generation, segment_->first), segment_->sealed_key);
            if (key) key_ = std::string(key->bytes());
        }
        if (!key_) bite_.heads_checked = false;
    }

    void step(const Link& link, const std::string& head, std::string before) {
        enter_segment(link);
        if (!segment_) return found(link.n, "link", 0, 0, "no segment has link " + std::to_string(link.n));
        if (link.n == segment_->first) {
            // Begun without a watermark: where the chain was before is not known, and the loss was told then.
            const bool knows_before = !segment_->before.empty();
            if (knows_before && bite_.next > 0 && bite_.next != link.n - 1) gap(bite_.next + 1, link.n - 1);
            if (!before.empty() && bite_.next == link.n - 1 && before != segment_->before) {
                found(link.n, "link", 0, 0, "the chain was cut before link " + std::to_string(link.n));
            }
            before = segment_->before;
        } else if (link.n != bite_.next + 1) {
            gap(bite_.next + 1, link.n - 1);
            before.clear();
        }
        if (key_ && !before.empty() && head_of(link, before, *key_) != head) {
            found(link.n, "link", 0, 0, "link " + std::to_string(link.n) + " is not what was written");
        }
        if (key_ && before.empty() && link.n == segment_->first && head_of(link, before, *key_) != head) {
            found(link.n, "link", 0, 0, "link " + std::to_string(link.n) + " is not what was written");
        }
        // Rows of an earlier life have new links where they were brought to.
        if (segment_->generation == generation_) row(link);
    }

    void gap(std::int64_t from, std::int64_t to) {
        found(from, "link", 0, 0, "links " + std::to_string(from) + " to " + std::to_string(to) + " are missing");
    }

    void row(const Link& link) {
        const Table* table = table_of(link.part);
        if (table == nullptr) return;
        const auto stored = stored_row(db_, *table, link.row);
        if (!stored) return absent(link);
        ++bite_.rows;
        if (table->is_call() && !newest_of_call(link)) return;
        if (stored->hash != link.hash || !stored->crc_fits || stored->call != link.call) {
            return found(link.n, "changed", link.part, link.row, "it is not what was written");
        }
        Query probe(db_, probe_sql(*table), link.row);
        if (link.call > 0 && !probe.step() && db_.ok()) {
            found(link.n, "index", link.part, link.row, "it is not found by its call");
        }
    }

    bool newest_of_call(const Link& link) {
        Query q(db_, "SELECT max(n) FROM chain WHERE part = ? AND row = ?", link.part, link.row);
        return q.step() && q.number(0) == link.n;
    }

    void absent(const Link& link) {
        const bool audit = std::string_view(table_of(link.part)->name) == "audit";
        std::optional<std::int64_t> told;
        {
            Query q(db_,
                    audit ? "SELECT row FROM chain WHERE part = ?1 AND ?2 IS NOT NULL AND row >= ?3 AND n > ?4 ORDER BY n LIMIT 1"
                          : "SELECT row FROM chain WHERE part = ?1 AND call = ?2 AND ?3 IS NOT NULL AND n > ?4 ORDER BY n LIMIT 1",
                    k_purged_part + link.part, link.call, link.row, link.n);
            if (q.step()) told = q.number(0);
        }
        if (!told) return found(link.n, "missing", link.part, link.row, "it was written and is not there");
        ++bite_.purged;
        if (audit) return;
        const auto same = std::find_if(bite_.purges.begin(), bite_.purges.end(), [&](const PurgedRows& each) { return each.audit_seq == *told; });
        if (same != bite_.purges.end()) {
            ++same->rows;
            return;
        }
        PurgedRows purge{*told, 1, 0, ""};
        Query line(db_, "SELECT utc_ms, actor || ' ' || action || ' ' || detail FROM audit WHERE seq = ?", *told);
        if (line.step()) {
            purge.utc_ms = line.number(0);
            purge.line = line.word(1);
        }
        bite_.purges.push_back(std::move(purge));
    }

    Database& db_;
    ChainBite& bite_;
    const Vault* vault_;
    std::string generation_;
    std::optional<ChainSegment> segment_;
    std::int64_t segment_end_ = 0;
    std::optional<std::string> key_;  // none: it cannot be opened
};

}  // namespace

ChainBite verify_bite(Database& db, const ReadChain& query, const Vault* vault) {
    ChainBite bite;
    const auto limit = std::clamp<std::int64_t>(query.limit, 1, k_bite_max);
    Verifier verifier(db, bite, vault);
    if (query.link) {
        bite.done = true;
        bite.link_head = verifier.head_at(*query.link);
    } else if (query.part == 0) {
        verifier.links(query.after, limit);
    } else {
        verifier.rows(query.part, query.after, limit);
    }
    Query newest(db, "SELECT n, head FROM chain ORDER BY n DESC LIMIT 1");
    if (newest.step()) {
        bite.newest = newest.number(0);
        bite.newest_head = newest.word(1);
    }
    return bite;
}

Verified verify_all(Database& db, const Vault* vault) {
    Verified all;
    ReadChain query;
    query.limit = k_bite_max;
    for (bool done = false; !done && db.ok();) {
        auto bite = verify_bite(db, query, vault);
        done = bite.done;
        query.part = bite.next_part;
        query.after = bite.next;
        all.links += bite.links;
        all.rows += bite.rows;
        all.purged += bite.purged;
        all.heads_checked = all.heads_checked && bite.heads_checked;
        all.findings_count += static_cast<std::int64_t>(bite.findings.size());
        for (auto& finding : bite.findings) {
            if (all.findings.size() < k_findings_max) all.findings.push_back(std::move(finding));
        }
    }
    return all;
}

}  // namespace holdfast::store
