//! The operations of SNS that are built: all of topics, subscriptions and messages; none of mobile push.

use kogumo_door::{Op, read, task, write};
use kogumo_model::sns::{
    AddPermission, ConfirmSubscription, CreateTopic, DeleteTopic, GetSMSAttributes, GetSubscriptionAttributes,
    GetTopicAttributes, ListSubscriptions, ListSubscriptionsByTopic, ListTagsForResource, ListTopics, Publish,
    PublishBatch, RemovePermission, SetSMSAttributes, SetSubscriptionAttributes, SetTopicAttributes, Subscribe,
    TagResource, Unsubscribe, UntagResource,
};

use crate::list::{list_subscriptions, list_subscriptions_by_topic, list_topics};
use crate::permission::{add_permission, remove_permission};
use crate::publish::{publish, publish_batch};
use crate::sms::{get_sms_attributes, set_sms_attributes};
use crate::subscribe::{
    confirm_subscription, get_subscription_attributes, set_subscription_attributes, subscribe, unsubscribe,
};
use crate::tags::{list_tags_for_resource, tag_resource, untag_resource};
use crate::topic::{create_topic, delete_topic, get_topic_attributes, set_topic_attributes};

pub fn ops() -> Vec<Op> {
    vec![
        write::<AddPermission>(add_permission),
        write::<ConfirmSubscription>(confirm_subscription),
        write::<CreateTopic>(create_topic),
        write::<DeleteTopic>(delete_topic),
        read::<GetSMSAttributes>(get_sms_attributes),
        read::<GetSubscriptionAttributes>(get_subscription_attributes),
        read::<GetTopicAttributes>(get_topic_attributes),
        read::<ListSubscriptions>(list_subscriptions),
        read::<ListSubscriptionsByTopic>(list_subscriptions_by_topic),
        read::<ListTagsForResource>(list_tags_for_resource),
        read::<ListTopics>(list_topics),
        task::<Publish, _>(publish),
        task::<PublishBatch, _>(publish_batch),
        write::<RemovePermission>(remove_permission),
        write::<SetSMSAttributes>(set_sms_attributes),
        write::<SetSubscriptionAttributes>(set_subscription_attributes),
        write::<SetTopicAttributes>(set_topic_attributes),
        write::<Subscribe>(subscribe),
        write::<TagResource>(tag_resource),
        write::<Unsubscribe>(unsubscribe),
        write::<UntagResource>(untag_resource),
    ]
}
