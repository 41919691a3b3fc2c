// An agency's CSV, and places asked of the list it makes: bounded, and nothing is valid that is not in it.
#include "fuzz.hpp"
#include "streets/import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    const auto text = fuzz::text(data, size);
    const auto imported = streets::import_csv(text);
    streets::List list;
    if (imported) {
        FUZZ_CHECK(imported->passed_over <= imported->rows && imported->problems.size() <= 10);
        for (const auto& segment : imported->segments) list.add(segment);
    }
    list.add({"N", "OAK", "ST", "", "TOWN", 1, 99, 'B', 1, 2});
    list.add({"", "ELM", "AVE", "", "TOWN", 1, 99, 'B', 2, 3});
    list.finish();
    for (const char* kind : {"address", "block", "crossing"}) {
        const auto answer = list.check(kind, text);
        FUZZ_CHECK(answer.candidates.size() <= streets::k_candidates_max);
        FUZZ_CHECK(answer.kind != streets::Answer::Kind::ambiguous || !answer.candidates.empty());
    }
    FUZZ_CHECK(list.check("address", "5 NOSUCHSTREETATALL ST").kind != streets::Answer::Kind::valid || imported);
    return 0;
}
