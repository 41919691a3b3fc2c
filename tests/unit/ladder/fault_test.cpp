#include "ladder/fault.hpp"

#include "support.hpp"

namespace holdfast::ladder {
namespace {

using C = base::Condition;

struct Row {
    const char* matrix;
    const char* reason;
    C condition;
    int code;
    Fault fault;
};

TEST(Fault, IsReadFromTheWordsOfALostVoice) {
    const Row rows[] = {
        {"O01", "auth", C::fatal, 401, Fault::auth},
        {"O01", "auth", C::fatal, 3000, Fault::auth},
        {"O02", "model", C::fatal, 404, Fault::model},
        {"O03", "quota", C::retry, 429, Fault::rate_limited},
        {"E01", "quota", C::fatal, 401, Fault::account},
        {"O04", "server_error", C::retry, 503, Fault::server_error},
        {"O06", "timeout", C::retry, 0, Fault::timeout},
        {"O07", "closed", C::retry, 1000, Fault::closed},
        {"O08", "network", C::retry, 1006, Fault::network},
        {"O09", "closed", C::fatal, 1008, Fault::policy},
        {"O09", "config", C::fatal, 400, Fault::policy},
        {"O18", "protocol", C::retry, 1009, Fault::protocol},
        {"O12", "expired", C::retry, 1001, Fault::closed},
        {"4003", "closed", C::fatal, 4003, Fault::not_enabled},
    };
    for (const Row& row : rows)
        EXPECT_EQ(fault_of(row.reason, row.condition, row.code), row.fault) << row.matrix;
}

TEST(Fault, FatalOnesHoldAsLongAsTheyTakeToMend) {
    using P = Provider;
    EXPECT_EQ(hold_of(P::openai, Fault::auth), base::milliseconds(60s)) << "O01";
    EXPECT_EQ(hold_of(P::elevenlabs, Fault::auth), base::milliseconds(10min)) << "E01";
    EXPECT_EQ(hold_of(P::elevenlabs, Fault::account), base::milliseconds(10min)) << "E01";
    EXPECT_EQ(hold_of(P::openai, Fault::policy), base::milliseconds(60s)) << "O09";
    for (const Fault fault : {Fault::network, Fault::timeout, Fault::server_error,
                              Fault::rate_limited, Fault::protocol, Fault::closed}) {
        EXPECT_EQ(hold_of(P::openai, fault), std::nullopt) << to_string(fault);
        EXPECT_FALSE(is_fatal(fault)) << to_string(fault);
        EXPECT_FALSE(is_account_wide(fault)) << to_string(fault);
    }
    EXPECT_TRUE(is_account_wide(Fault::auth));
    EXPECT_FALSE(is_account_wide(Fault::not_enabled));
    EXPECT_TRUE(is_fatal(Fault::not_enabled));
}

}  // namespace
}  // namespace holdfast::ladder
