#include "incident/landmarks.hpp"

#include "incident/word_set.hpp"

#include <array>
#include <initializer_list>

namespace holdfast::incident {
namespace {

struct Phrase {
    std::array<std::string_view, 3> words;
    bool brand;
    bool vague;
};

// Longer ones first among those that begin alike.
constexpr Phrase k_phrases[] = {
    {{"home", "depot", ""}, true, false},      {{"burger", "king", ""}, true, false},
    {{"taco", "bell", ""}, true, false},       {{"dollar", "general", ""}, true, false},
    {{"dollar", "tree", ""}, true, false},     {{"best", "buy", ""}, true, false},
    {{"whole", "foods", ""}, true, false},     {{"circle", "k", ""}, true, false},
    {{"waffle", "house", ""}, true, false},    {{"pizza", "hut", ""}, true, false},
    {{"family", "dollar", ""}, true, false},   {{"planet", "fitness", ""}, true, false},
    {{"holiday", "inn", ""}, true, false},     {{"trader", "joe's", ""}, true, false},
    {{"auto", "zone", ""}, true, false},       {{"la", "quinta", "inn"}, true, false},
    {{"quick", "trip", ""}, true, false},      {{"jack", "in", "the"}, true, false},
    {{"high", "school", ""}, false, false},    {{"middle", "school", ""}, false, false},
    {{"elementary", "school", ""}, false, false}, {{"train", "station", ""}, false, false},
    {{"bus", "station", ""}, false, false},    {{"bus", "stop", ""}, false, true},
    {{"bus", "depot", ""}, false, false},
    {{"gas", "station", ""}, false, true},     {{"parking", "lot", ""}, false, true},
    {{"parking", "garage", ""}, false, true},  {{"rest", "area", ""}, false, false},
    {{"rest", "stop", ""}, false, false},      {{"boat", "ramp", ""}, false, true},
    {{"shopping", "center", ""}, false, true}, {{"trailer", "park", ""}, false, true},
    {{"mobile", "home", "park"}, false, true}, {{"nursing", "home", ""}, false, true},
    {{"community", "center", ""}, false, true}, {{"rec", "center", ""}, false, true},
    {{"grocery", "store", ""}, false, true},   {{"liquor", "store", ""}, false, true},
    {{"convenience", "store", ""}, false, true}, {{"corner", "store", ""}, false, true},
    {{"hardware", "store", ""}, false, true},  {{"pawn", "shop", ""}, false, true},
    {{"coffee", "shop", ""}, false, true},     {{"barber", "shop", ""}, false, true},
    {{"car", "wash", ""}, false, true},        {{"golf", "course", ""}, false, true},
    {{"city", "hall", ""}, false, false},      {{"court", "house", ""}, false, false},
    {{"fire", "station", ""}, false, true},    {{"police", "station", ""}, false, true},
    {{"gun", "range", ""}, false, true},       {{"gun", "shop", ""}, false, true},
    {{"gun", "store", ""}, false, true},       {{"swimming", "pool", ""}, false, true},
    {{"apartment", "complex", ""}, false, true}, {{"truck", "stop", ""}, false, true},
    {{"state", "park", ""}, false, false},     {{"estacion", "de", "gasolina"}, false, true},
    {{"estacion", "de", "tren"}, false, true},
    {{"walmart", "", ""}, true, false},        {{"target", "", ""}, true, false},
    {{"costco", "", ""}, true, false},         {{"walgreens", "", ""}, true, false},
    {{"cvs", "", ""}, true, false},            {{"mcdonald's", "", ""}, true, false},
    {{"mcdonalds", "", ""}, true, false},      {{"starbucks", "", ""}, true, false},
    {{"wendy's", "", ""}, true, false},        {{"wendys", "", ""}, true, false},
    {{"denny's", "", ""}, true, false},        {{"dennys", "", ""}, true, false},
    {{"kroger", "", ""}, true, false},         {{"safeway", "", ""}, true, false},
    {{"publix", "", ""}, true, false},         {{"aldi", "", ""}, true, false},
    {{"lowe's", "", ""}, true, false},         {{"lowes", "", ""}, true, false},
    {{"ikea", "", ""}, true, false},           {{"autozone", "", ""}, true, false},
    {{"exxon", "", ""}, true, false},          {{"chevron", "", ""}, true, false},
    {{"shell", "", ""}, true, false},          {{"texaco", "", ""}, true, false},
    {{"wawa", "", ""}, true, false},           {{"sheetz", "", ""}, true, false},
    {{"subway", "", ""}, true, false},         {{"applebee's", "", ""}, true, false},
    {{"applebees", "", ""}, true, false},      {{"chipotle", "", ""}, true, false},
    {{"marriott", "", ""}, true, false},       {{"hilton", "", ""}, true, false},
    {{"ihop", "", ""}, true, false},           {{"heb", "", ""}, true, false},
    {{"quiktrip", "", ""}, true, false},       {{"popeyes", "", ""}, true, false},
    {{"school", "", ""}, false, true},         {{"church", "", ""}, false, true},
    {{"hospital", "", ""}, false, true},       {{"library", "", ""}, false, true},
    {{"courthouse", "", ""}, false, true},     {{"airport", "", ""}, false, true},
    {{"bridge", "", ""}, false, true},         {{"mall", "", ""}, false, true},
    {{"motel", "", ""}, false, true},          {{"hotel", "", ""}, false, true},
    {{"park", "", ""}, false, true},           {{"stadium", "", ""}, false, true},
    {{"university", "", ""}, false, true},     {{"college", "", ""}, false, true},
    {{"marina", "", ""}, false, true},         {{"casino", "", ""}, false, true},
    {{"pharmacy", "", ""}, false, true},       {{"bank", "", ""}, false, true},
    {{"bakery", "", ""}, false, true},         {{"museum", "", ""}, false, true},
    {{"bar", "", ""}, false, true},            {{"restaurant", "", ""}, false, true},
    {{"laundromat", "", ""}, false, true},     {{"cemetery", "", ""}, false, true},
    {{"dam", "", ""}, false, true},            {{"reservoir", "", ""}, false, true},
    {{"pier", "", ""}, false, true},           {{"warehouse", "", ""}, false, true},
    {{"store", "", ""}, false, true},          {{"supermarket", "", ""}, false, true},
    {{"playground", "", ""}, false, true},     {{"overpass", "", ""}, false, true},
    {{"underpass", "", ""}, false, true},      {{"gym", "", ""}, false, true},
    {{"escuela", "", ""}, false, true},        {{"iglesia", "", ""}, false, true},
    {{"farmacia", "", ""}, false, true},       {{"tienda", "", ""}, false, true},
    {{"parque", "", ""}, false, true},         {{"gasolinera", "", ""}, false, true},
    {{"biblioteca", "", ""}, false, true},     {{"puente", "", ""}, false, true},
    {{"supermercado", "", ""}, false, true},   {{"panaderia", "", ""}, false, true},
    {{"lavanderia", "", ""}, false, true},     {{"taqueria", "", ""}, false, true},
    {{"restaurante", "", ""}, false, true},    {{"banco", "", ""}, false, true},
};

}  // namespace

bool common_adjective(std::string_view word) {
    static const WordSet k_set(
        "big old new nearest local same only next little small whole main public empty abandoned closed busy crowded "
        "elementary middle high grade pre on-ramp nearby first second last other another local vacant");
    return k_set.has(word);
}

Landmark landmark_at(const Words& words, std::size_t at) {
    if (at + 1 < words.size() && (words[at].folded == "7" || words[at].folded == "seven") &&
        (words[at + 1].folded == "eleven" || words[at + 1].folded == "11")) {
        return {at + 2, true, false, true};
    }
    for (const Phrase& phrase : k_phrases) {
        std::size_t n = 0;
        while (n < phrase.words.size() && !phrase.words[n].empty() && at + n < words.size() &&
               words[at + n].folded == phrase.words[n]) {
            ++n;
        }
        if (n == phrase.words.size() || phrase.words[n].empty()) return {at + n, phrase.brand, phrase.vague, false};
    }
    return {};
}

}  // namespace holdfast::incident
