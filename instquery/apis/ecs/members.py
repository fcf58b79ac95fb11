"""The members of an ECS instance: all that the official SDK's model of `DescribeInstances` has."""

__all__ = ["MEMBERS"]

_FLAT = """
AutoReleaseTime ClusterId Cpu CreationTime CreditSpecification DeletionProtection
DeploymentSetGroupNo DeploymentSetId Description DeviceAvailable EnableNVS ExpiredTime GPUAmount
GPUSpec HostName HpcClusterId ISP ImageId InstanceChargeType InstanceId InstanceName
InstanceNetworkType InstanceType InstanceTypeFamily InternetChargeType InternetMaxBandwidthIn
InternetMaxBandwidthOut IoOptimized KeyPairName LocalStorageAmount LocalStorageCapacity Memory
OSName OSNameEn OSType Recyclable RegionId ResourceGroupId SaleCycle SerialNumber SpotDuration
SpotInterruptionBehavior SpotPriceLimit SpotStrategy StartTime Status StoppedMode VlanId ZoneId
"""

_WITHIN = {
    "AdditionalInfo": "EnableHighDensityMode ManagedHostId NodeSerialNumber",
    "ClockOptions": "PtpStatus",
    "CpuOptions": (
        "CoreCount EnableVISST EnableVRDT NestedVirtualization Numa ThreadsPerCore TopologyType "
        "TurboMode"
    ),
    "DedicatedHostAttribute": "DedicatedHostClusterId DedicatedHostId DedicatedHostName",
    "DedicatedInstanceAttribute": "Affinity Tenancy",
    "EcsCapacityReservationAttr": "CapacityReservationId CapacityReservationPreference",
    "EipAddress": "AllocationId Bandwidth InternetChargeType IpAddress IsSupportUnassociate",
    "HibernationOptions": "Configured",
    "ImageOptions": "CurrentOSNVMeSupported LoginAsNonRoot",
    "InnerIpAddress": "IpAddress",
    "MetadataOptions": "HttpEndpoint HttpPutResponseHopLimit HttpTokens InstanceMetadataTags",
    "NetworkInterfaces.NetworkInterface": (
        "Ipv4PrefixSets.Ipv4PrefixSet.Ipv4Prefix Ipv6PrefixSets.Ipv6PrefixSet.Ipv6Prefix "
        "Ipv6Sets.Ipv6Set.Ipv6Address Ipv6Sets.Ipv6Set.Primary MacAddress NetworkInterfaceId "
        "PrimaryIpAddress PrivateIpSets.PrivateIpSet.Primary "
        "PrivateIpSets.PrivateIpSet.PrivateDnsName PrivateIpSets.PrivateIpSet.PrivateIpAddress Type"
    ),
    "OperationLocks.LockReason": "LockMsg LockReason",
    "PrivateDnsNameOptions": (
        "EnableInstanceIdDnsAAAARecord EnableInstanceIdDnsARecord EnableIpDnsARecord "
        "EnableIpDnsPtrRecord HostnameType"
    ),
    "PublicIpAddress": "IpAddress",
    "RdmaIpAddress": "IpAddress",
    "SecurityGroupIds": "SecurityGroupId",
    "SecurityOptions": "EnableSecureBoot",
    "Tags.Tag": "TagKey TagValue",
    "VpcAttributes": "NatIpAddress PrivateIpAddress.IpAddress VSwitchId VpcId",
}

MEMBERS = (
    *_FLAT.split(),
    *(f"{outer}.{inner}" for outer, listed in _WITHIN.items() for inner in listed.split()),
)
"""The members, by their paths."""
