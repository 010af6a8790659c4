//! The operations of SQS: all of them.

use kogumo_door::{Op, read, task, write};
use kogumo_model::sqs::{
    AddPermission, CancelMessageMoveTask, ChangeMessageVisibility, ChangeMessageVisibilityBatch, CreateQueue,
    DeleteMessage, DeleteMessageBatch, DeleteQueue, GetQueueAttributes, GetQueueUrl, ListDeadLetterSourceQueues,
    ListMessageMoveTasks, ListQueueTags, ListQueues, PurgeQueue, ReceiveMessage, RemovePermission, SendMessage,
    SendMessageBatch, SetQueueAttributes, StartMessageMoveTask, TagQueue, UntagQueue,
};

use crate::create::{create_queue, delete_queue, purge_queue};
use crate::delete::{delete_message, delete_message_batch};
use crate::describe::{get_queue_attributes, set_queue_attributes};
use crate::list::{get_queue_url, list_dead_letter_source_queues, list_queues};
use crate::move_task::{cancel_message_move_task, list_message_move_tasks, start_message_move_task};
use crate::permission::{add_permission, remove_permission};
use crate::receive::receive_message;
use crate::send::{send_message, send_message_batch};
use crate::tags::{list_queue_tags, tag_queue, untag_queue};
use crate::visibility::{change_message_visibility, change_message_visibility_batch};

pub fn ops() -> Vec<Op> {
    vec![
        write::<AddPermission>(add_permission),
        write::<CancelMessageMoveTask>(cancel_message_move_task),
        write::<ChangeMessageVisibility>(change_message_visibility),
        write::<ChangeMessageVisibilityBatch>(change_message_visibility_batch),
        write::<CreateQueue>(create_queue),
        write::<DeleteMessage>(delete_message),
        write::<DeleteMessageBatch>(delete_message_batch),
        write::<DeleteQueue>(delete_queue),
        read::<GetQueueAttributes>(get_queue_attributes),
        read::<GetQueueUrl>(get_queue_url),
        read::<ListDeadLetterSourceQueues>(list_dead_letter_source_queues),
        read::<ListMessageMoveTasks>(list_message_move_tasks),
        read::<ListQueueTags>(list_queue_tags),
        read::<ListQueues>(list_queues),
        write::<PurgeQueue>(purge_queue),
        task::<ReceiveMessage, _>(receive_message),
        write::<RemovePermission>(remove_permission),
        task::<SendMessage, _>(send_message),
        task::<SendMessageBatch, _>(send_message_batch),
        write::<SetQueueAttributes>(set_queue_attributes),
        write::<StartMessageMoveTask>(start_message_move_task),
        write::<TagQueue>(tag_queue),
        write::<UntagQueue>(untag_queue),
    ]
}
