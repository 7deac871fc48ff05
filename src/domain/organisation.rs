//! Organisations and their memberships in arrangements.

use super::decimal::Decimal;
use super::id::Id;
use super::period::Day;
use super::text::Names;

vocabulary! {
    /// What an organisation is.
    OrganisationKind {
        /// International Bureau of Weights and Measures.
        Bipm = "bipm",
        /// National metrology institute.
        Nmi = "nmi",
        /// Institute designated for some quantities.
        DesignatedInstitute = "designated_institute",
        /// Calibration laboratory.
        CalibrationLaboratory = "calibration_laboratory",
        /// Testing laboratory.
        TestingLaboratory = "testing_laboratory",
        /// Producer of reference materials.
        ReferenceMaterialProducer = "reference_material_producer",
        /// Provider of proficiency tests.
        PtProvider = "pt_provider",
        /// Accreditation body.
        AccreditationBody = "accreditation_body",
        /// Regional metrology organisation.
        Rmo = "rmo",
        /// Authority of legal metrology.
        Authority = "authority",
        /// Organisation that verifies measuring instruments.
        VerificationOrganisation = "verification_organisation",
        /// Enterprise that uses measurements.
        Enterprise = "enterprise",
        /// Manufacturer of instruments or standards.
        Manufacturer = "manufacturer",
        /// Intergovernmental organisation other than the BIPM.
        Intergovernmental = "intergovernmental",
    }
}

impl OrganisationKind {
    /// Whether organisations of this kind can take part in the CIPM MRA: national metrology
    /// institutes, designated institutes, intergovernmental organisations.
    pub fn is_institute(self) -> bool {
        matches!(self, Self::Nmi | Self::DesignatedInstitute | Self::Intergovernmental)
    }
}

vocabulary! {
    /// The register an outside identifier belongs to.
    IdentifierScheme {
        /// Acronym of an institute in the KCDB.
        KcdbNmiCode = "kcdb_nmi_code",
        /// Research Organization Registry.
        Ror = "ror",
        /// Wikidata.
        Wikidata = "wikidata",
        /// VILAS accreditation number.
        Vilas = "vilas",
        /// Global location number.
        Gln = "gln",
        /// Tax code.
        TaxCode = "tax_code",
        /// Another register.
        Other = "other",
    }
}

object! {
    /// An identifier of an organisation in an outside register.
    OrganisationIdentifier {
        required {
            /// The register.
            scheme: IdentifierScheme,
            /// The identifier as that register writes it.
            value: String,
        }
    }
}

vocabulary! {
    /// Where a laboratory works.
    SiteKind {
        /// Permanent laboratory.
        Permanent = "permanent",
        /// Mobile laboratory.
        Mobile = "mobile",
        /// At the customer's.
        CustomerSite = "customer_site",
        /// Temporary site.
        Temporary = "temporary",
    }
}

object! {
    /// A site of an organisation.
    Site {
        required {
            /// Name of the site within the organisation.
            id: String,
            /// Kind of site.
            kind: SiteKind,
        }
        optional {
            /// Names.
            names: Names,
            /// Postal address.
            address: String,
            /// Economic region.
            region: String,
            /// Latitude in degrees, north positive.
            latitude: Decimal,
            /// Longitude in degrees, east positive.
            longitude: Decimal,
        }
    }
}

object! {
    /// A name an organisation had for a while.
    FormerNames {
        required {
            /// The names.
            names: Names,
        }
        optional {
            /// First day of the name.
            valid_from: Day,
            /// Last day of the name.
            valid_to: Day,
        }
    }
}

record! {
    /// An organisation: institute, laboratory, accreditation body, authority and so on.
    Organisation {
        required {
            /// What it is.
            kind: OrganisationKind,
            /// What it is called.
            names: Names,
        }
        optional {
            /// Country (ISO 3166-1 alpha-2); absent for international bodies.
            country: String,
            /// The organisation it belongs to.
            parent: Id,
        }
        many {
            /// Identifiers in outside registers.
            identifiers: OrganisationIdentifier,
            /// Sites.
            sites: Site,
            /// Names it had.
            name_history: FormerNames,
        }
    }
}

vocabulary! {
    /// International arrangements, dated by the membership records, never by the code (rules 0).
    Arrangement {
        /// Member State of the Metre Convention.
        MetreConventionMember = "metre_convention_member",
        /// Associate of the CGPM.
        CgpmAssociate = "cgpm_associate",
        /// CIPM Mutual Recognition Arrangement.
        CipmMra = "cipm_mra",
        /// ILAC Mutual Recognition Arrangement.
        IlacMra = "ilac_mra",
        /// Arrangement of the Global Accreditation Cooperation, from 2026-01-01.
        GlobalAciMra = "global_aci_mra",
        /// Asia Pacific Accreditation Cooperation.
        ApacMra = "apac_mra",
        /// European co-operation for Accreditation.
        EaMla = "ea_mla",
        /// Inter-American Accreditation Cooperation.
        IaacMla = "iaac_mla",
        /// Arab Accreditation Cooperation.
        AracMla = "arac_mla",
        /// African Accreditation Cooperation.
        AfracMra = "afrac_mra",
        /// International Organization of Legal Metrology.
        Oiml = "oiml",
        /// Asia-Pacific Legal Metrology Forum.
        Aplmf = "aplmf",
        /// Asia Pacific Metrology Programme.
        Apmp = "apmp",
    }
}

vocabulary! {
    /// What an arrangement of accreditation bodies covers.
    ArrangementScope {
        /// Calibration, ISO/IEC 17025.
        Calibration17025 = "calibration_17025",
        /// Testing, ISO/IEC 17025.
        Testing17025 = "testing_17025",
        /// Medical laboratories, ISO 15189.
        Medical15189 = "medical_15189",
        /// Reference material producers, ISO 17034.
        Rmp17034 = "rmp_17034",
        /// Proficiency testing, ISO/IEC 17043.
        Ptp17043 = "ptp_17043",
        /// Inspection, ISO/IEC 17020.
        Inspection17020 = "inspection_17020",
    }
}

vocabulary! {
    /// In which role somebody belongs to an arrangement.
    MembershipRole {
        /// Member.
        Member = "member",
        /// Signatory.
        Signatory = "signatory",
        /// Chair of a body.
        Chair = "chair",
        /// Secretary of a body.
        Secretary = "secretary",
        /// Participant in a body.
        Participant = "participant",
    }
}

record! {
    /// Who belongs to which arrangement, and when.
    Membership {
        required {
            /// The arrangement.
            arrangement: Arrangement,
        }
        optional {
            /// The organisation that belongs to it.
            organisation: Id,
            /// The country that belongs to it (ISO 3166-1 alpha-2).
            country: String,
            /// What the arrangement covers, for accreditation bodies.
            scope: ArrangementScope,
            /// Committee or working group.
            body: String,
            /// Day on which the quality system was approved by the regional organisation.
            qms_approved_on: Day,
            /// Role.
            role: MembershipRole,
            /// First day.
            valid_from: Day,
            /// Last day, included.
            valid_to: Day,
        }
        many {
            /// KCDB areas a designated institute is listed for.
            areas: String,
        }
    }
}
