// Is everything that was ever written still there, as it was written? Follows the chain (chain.hpp) in bites. Used by the
// daemon in the background, by `holdfastctl verify` through it, and for a file that nobody has open. Reads only.
#pragma once

#include "store/chain.hpp"
#include "store/journal.hpp"
#include "store/vault.hpp"

namespace holdfast::store {

// At most `query.limit` links behind `query.after`, then the rows table by table: each must have its link. `vault` opens the
// keys of segments; without it heads under a key are not checked, which the answer says. With `query.link`: that head only.
ChainBite verify_bite(Database& db, const ReadChain& query, const Vault* vault);

// The whole of it, for a file that nobody has open.
struct Verified {
    std::int64_t links = 0;
    std::int64_t rows = 0;
    std::int64_t purged = 0;
    bool heads_checked = true;
    std::vector<ChainFinding> findings;  // the first k_findings_max
    std::int64_t findings_count = 0;
};
constexpr std::size_t k_findings_max = 100;
Verified verify_all(Database& db, const Vault* vault);

}  // namespace holdfast::store
