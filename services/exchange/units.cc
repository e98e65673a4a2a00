#include "services/exchange/units.h"

#include <algorithm>
#include <iterator>

namespace tandem::exchange {
namespace {

// Ascending, for the search. UN/ECE Recommendation 20, revision 17, annex I; X.. is recommendation
// 21 behind an X.
constexpr std::string_view kCodes[] = {
    "C62",  // One (piece).
    "CLT",  // Centilitre.
    "CMK",  // Square centimetre.
    "CMT",  // Centimetre.
    "DLT",  // Decilitre.
    "DMT",  // Decimetre.
    "DZN",  // Dozen.
    "EA",   // Each.
    "FOT",  // Foot.
    "GLL",  // US gallon.
    "GRM",  // Gram.
    "H87",  // Piece.
    "HLT",  // Hectolitre.
    "INH",  // Inch.
    "KGM",  // Kilogram.
    "KMT",  // Kilometre.
    "KWH",  // Kilowatt hour.
    "LBR",  // Pound.
    "LTR",  // Litre.
    "MGM",  // Milligram.
    "MLT",  // Millilitre.
    "MMT",  // Millimetre.
    "MTK",  // Square metre.
    "MTQ",  // Cubic metre.
    "MTR",  // Metre.
    "ONZ",  // Ounce.
    "PR",   // Pair.
    "SET",  // Set.
    "TNE",  // Tonne.
    "XBX",  // Box.
    "XCT",  // Carton.
    "XPK",  // Package.
    "XPX",  // Pallet.
};

static_assert(std::is_sorted(std::begin(kCodes), std::end(kCodes)));

}  // namespace

bool IsUnitCode(std::string_view code) {
  return std::binary_search(std::begin(kCodes), std::end(kCodes), code);
}

}  // namespace tandem::exchange
