//! Receipts: what a vendor reports back about a push on a device, and what that changes of the PushID.

use super::StoreError;
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::{AppId, PushId};

/// Receipts kept of one device in one dispatch; what comes on top says nothing new.
pub const RECEIPTS_PER_DEVICE_MAX: usize = 8;

/// Receipts that came together, all for one credential.
#[derive(Clone, PartialEq, Debug)]
pub struct ReceiptBatch {
    /// Where.
    pub app: AppId,
    /// Which vendor.
    pub vendor: VendorKind,
    /// Credential set 1 or 2.
    pub app_type: u8,
    /// In the vendor's order.
    pub receipts: Vec<NewReceipt>,
    /// Unix time in ms.
    pub now_ms: u64,
}

/// One receipt, before its device is known.
#[derive(Clone, PartialEq, Debug)]
pub struct NewReceipt {
    /// The intent that the push was made for.
    pub intent: u64,
    /// The vendor's token.
    pub token: Secret,
    /// The vendor's name for the request.
    pub request_id: String,
    /// The vendor's number for what happened.
    pub result: u32,
    /// Unix time in ms at which it happened, by the vendor's clock.
    pub at: u64,
    /// What follows for the PushID.
    pub effect: ReceiptEffect,
}

/// What a receipt changes of a PushID. It changes nothing when the device registered (or, but for `Bury`,
/// logged in) after the request was sent: it is about an earlier state then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReceiptEffect {
    /// Nothing.
    None,
    /// The token is dead; a new registration revives it.
    Bury {
        /// Code of the tombstone.
        code: String,
    },
    /// Not to be pushed until the device registers or logs in again.
    Suspend {
        /// Code of a `push::reasons::Reason`.
        reason: String,
    },
    /// The user that was pushed is not bound to it any more.
    Unbind,
}

/// What became of a receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiptFate {
    /// Kept, and its effect done.
    Kept,
    /// It was here already (or the device has its share): nothing changed.
    Repeated,
    /// No PushID has this token.
    UnknownToken,
    /// Nothing was sent to this device for this intent, or its trace is gone.
    UnknownMessage,
}

/// A receipt as traces show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredReceipt {
    /// The dispatch.
    pub dispatch: u64,
    /// The device's PushID.
    pub push_id: PushId,
    /// The vendor's name for the request.
    pub request_id: String,
    /// The vendor's number for what happened.
    pub result: u32,
    /// Unix time in ms at which it happened, by the vendor's clock.
    pub at: u64,
    /// Unix time in ms at which it came.
    pub received_at: u64,
}

/// Receipts of vendors.
#[async_trait::async_trait]
pub trait ReceiptStore {
    /// Keeps receipts and does their effects, all in one transaction. A second receipt of the same request,
    /// device and result changes nothing. One fate per receipt, in their order.
    async fn write_receipts(&self, batch: ReceiptBatch) -> Result<Vec<ReceiptFate>, StoreError>;
}
