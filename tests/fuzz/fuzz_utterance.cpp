// Whatever is heard: a reading is bounded, its places and signs lie inside the text, the same words read
// the same twice, and what a call-taker says is nobody's fact.
#include "fuzz.hpp"
#include "incident/reading.hpp"

#include <string>
#include <string_view>

using namespace holdfast::incident;

namespace {

void check_place(const Place& place, std::string_view text) {
    FUZZ_CHECK(place.begin < place.end && place.end <= text.size());
    FUZZ_CHECK(!place.normal.empty() && place.normal.size() <= 4 * text.size() + 64);
    FUZZ_CHECK(place.confidence >= 0 && place.confidence <= 1);
    for (const char c : place.normal) FUZZ_CHECK(c >= ' ' && c <= '~');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Reading reading = read(text);
    FUZZ_CHECK(reading.priority >= 1 && reading.priority <= 5);
    FUZZ_CHECK(reading.unknown == (reading.type == Type::trouble));
    if (reading.place) check_place(*reading.place, text);
    for (const Place& place : reading.other_places) check_place(place, text);
    for (const Signal& signal : reading.signals) FUZZ_CHECK(signal.begin < signal.end && signal.end <= text.size());

    const Reading again = read(text);
    FUZZ_CHECK(again.type == reading.type && again.also == reading.also);
    FUZZ_CHECK(again.place.has_value() == reading.place.has_value());
    if (reading.place) FUZZ_CHECK(again.place->normal == reading.place->normal);

    const Reading call_taker = read(text, Speaker::call_taker);
    FUZZ_CHECK(call_taker.unknown && !call_taker.place && !call_taker.complete());
    return 0;
}
